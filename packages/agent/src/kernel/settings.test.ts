/** On a folder that looks like /proc/sys/net, of which nothing moves by itself. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
