/** What must hold of every program, whichever it is; this one stands for all. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Programs } from "./programs.ts";

const SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=";

describe("Programs", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "warren-programs-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test("give standard input as a file that opens by its name, and leave none behind", async () => {
    const script = `process.stdout.write(fs.readFileSync("/dev/stdin"))`;
    const words = [process.execPath, "-e", script] as const;
    expect(await create().run({ words, input: SECRET })).toBe(SECRET);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("sweep what was left by a kill, but not what others have under way", async () => {
    const left = [`.input-${process.pid}-1`, `.input-${2 ** 23}-1`];
    const others = `.input-${process.ppid}-1`;
    for (const name of [...left, others, "wg0.table.json"]) writeFileSync(join(folder, name), "");
    const words = [process.execPath, "-e", ""] as const;
    expect(await create().run({ words, input: SECRET })).toBe("");
    expect(readdirSync(folder)).toEqual([others, "wg0.table.json"]);
  });

  test("say why one failed, but for what may have been secret", async () => {
    const script = `
      console.error("Line unrecognized: " + fs.readFileSync(0));
      console.error("Unable to modify interface: Address already in use");
      process.exit(3)`;
    const words = [process.execPath, "-e", script] as const;
    const call = { words, input: SECRET };
    await expect(create().run(call)).rejects.toThrow(`Line unrecognized: ${SECRET}`);
    const refusal = create().run({ ...call, isSecret: true });
    await expect(refusal).rejects.toThrow("Unable to modify interface: Address already in use");
    await expect(refusal).rejects.not.toThrow(SECRET);
  });

  test("end one that hangs", async () => {
    const words = [process.execPath, "-e", "setTimeout(() => {}, 600_000)"] as const;
    const refusal = new Programs(folder, "/nowhere", 300).run({ words });
    await expect(refusal).rejects.toThrow("it was killed, by somebody or because it hung");
  });

  test("name the package of one that is not there", async () => {
    const programs = new Programs(folder, folder);
    const refusal = { message: "cannot find program nft", fix: { values: ["nftables"] } };
    await expect(programs.run({ words: ["nft", "-f", "-"] })).rejects.toMatchObject(refusal);
  });

  function create(): Programs {
    return new Programs(folder, "/nowhere");
  }
});
