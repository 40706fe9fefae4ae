/** The rules of the repository, kept. What breaks each rule is tested beside it. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readFiles, rules } from "./tidy.ts";
import { parseRepository, printViolation } from "./tidy/repository.ts";
import { CATALOGUE } from "./tidy/sentences.ts";

describe("the repository", () => {
  const repository = parseRepository(readFiles(join(import.meta.dirname, "..")));

  test.each(Object.entries(rules))("%s", (_, rule) => {
    expect(rule(repository).map(printViolation)).toEqual([]);
  });

  test("is all there", () => {
    expect(repository.sources.map(({ path }) => path)).toContain("tools/tidy.test.ts");
    // Without one, no sentence would lack its translation.
    expect([...repository.files.keys()].filter((path) => CATALOGUE.test(path))).toHaveLength(1);
    expect(repository.sources.filter(({ nodes }) => nodes.length === 0)).toEqual([]);
  });
});
