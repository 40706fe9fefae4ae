/** On a folder that looks like /proc/sys/net, of which nothing moves by itself. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@warren/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Settings } from "./settings.ts";

const BEFORE = {
  "ipv4/ip_forward": "0",
  "ipv4/conf/all/accept_redirects": "1",
  "ipv4/conf/all/src_valid_mark": "0",
  "ipv4/conf/eth0/forwarding": "0",
  "ipv6/conf/all/forwarding": "0",
  "ipv6/conf/eth0/forwarding": "0",
  "ipv6/conf/eth0/accept_ra": "1",
  "ipv6/conf/eth1/accept_ra": "0",
};

describe("Settings", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "warren-settings-"));
    for (const [path, value] of Object.entries(BEFORE)) write(path, value);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("are given back when no interface needs them any more", () => {
    const settings = create();
    settings.take("a", "forward4");
    settings.take("b", "forward4");
    settings.take("a", "mark");
    expect(settings.read("a")).toEqual(
      new Map([
        ["forward4", true],
        ["mark", true],
      ]),
    );
    settings.giveBack("a", "forward4");
    // Another one of this process, as after a restart.
    expect(create().read("a")).toEqual(new Map([["mark", true]]));
    expect(read()).toMatchObject({ "ipv4/ip_forward": "1" });
    create().giveBack("b", "forward4");
    settings.giveBack("a", "mark");
    expect(read()).toEqual(BEFORE);
  });

  test("say when somebody has turned one off, and are taken again over the same notes", () => {
    const settings = create();
    settings.take("a", "forward6");
    expect(read()).toMatchObject({
      "ipv6/conf/eth0/accept_ra": "2",
      "ipv6/conf/eth1/accept_ra": "0",
    });
    write("ipv6/conf/eth2/accept_ra", "1");
    expect(settings.read("a")).toEqual(new Map([["forward6", false]]));
    settings.take("a", "forward6");
    write("ipv6/conf/all/forwarding", "0");
    write("ipv6/conf/eth0/accept_ra", "1");
    expect(settings.read("a")).toEqual(new Map([["forward6", false]]));
    settings.take("a", "forward6");
    expect(settings.read("a")).toEqual(new Map([["forward6", true]]));
    settings.giveBack("a", "forward6");
    expect(read()).toEqual(BEFORE);
    expect(readFileSync(join(folder, "sys/ipv6/conf/eth2/accept_ra"), "utf8")).toBe("1");
  });

  test("hold on a host without IPv6", () => {
    rmSync(join(folder, "sys/ipv6"), { recursive: true });
    const settings = create();
    settings.take("a", "forward6");
    expect(settings.read("a")).toEqual(new Map([["forward6", true]]));
    settings.giveBack("a", "forward6");
    expect(settings.read("a")).toEqual(new Map());
  });

  test("are those of all who take them at once, each in a process of its own", async () => {
    const module = JSON.stringify(join(import.meta.dirname, "settings.ts"));
    const [notes, sys] = [join(folder, "notes"), join(folder, "sys")].map((each) =>
      JSON.stringify(each),
    );
    const names = ["a", "b", "c"];
    const runs = names.map(async (name) => {
      const script = `
        const { Settings } = await import(${module});
        const settings = new Settings(${notes}, ${sys});
        for (let turn = 0; turn < 100; turn += 1) {
          settings.take("${name}", "forward4");
          if (!settings.read("${name}").has("forward4")) throw new Error("it was lost");
          settings.giveBack("${name}", "forward4");
        }
        settings.take("${name}", "forward4");`;
      const words = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
      await promisify(execFile)(process.execPath, words);
    });
    await Promise.all(runs);
    for (const name of names) {
      expect(create().read(name)).toEqual(new Map([["forward4", true]]));
      create().giveBack(name, "forward4");
    }
    expect(readdirSync(join(folder, "notes"))).toEqual([]);
    expect(read()).toEqual(BEFORE);
  });

  test.each(["{", '{"forward4":7}'])("put aside what cannot be read: %s", (text) => {
    const settings = create();
    settings.take("a", "forward4");
    writeFileSync(join(folder, "notes/settings.json"), text);
    expect(() => settings.read("a")).toThrow(AppError);
    expect(readFileSync(join(folder, "notes/settings.json.bad"), "utf8")).toBe(text);
    expect(settings.read("a")).toEqual(new Map());
    settings.take("a", "forward4");
    expect(settings.read("a")).toEqual(new Map([["forward4", true]]));
  });

  function create(): Settings {
    return new Settings(join(folder, "notes"), join(folder, "sys"));
  }

  function write(path: string, value: string): void {
    const file = join(folder, "sys", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, value);
  }

  function read(): object {
    return Object.fromEntries(
      Object.keys(BEFORE).map((path) => [path, readFileSync(join(folder, "sys", path), "utf8")]),
    );
  }
});
