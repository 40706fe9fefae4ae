/** Manifests: what any reader of YAML makes of them is what was printed. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { runs } from "../../../../tools/runs.ts";
import { printManifest } from "./manifest.ts";

test("printManifest() quotes what YAML 1.1 or 1.2 takes for something else", () => {
  const words = ["on", "1:30", "0o14", "1_000", "null", "~", "- a", "n1", "a: b", "1.20", "#", ""];
  const text = printManifest("# head\n", [{ words, lines: "one\ntwo\n" }, [{ op: "add" }]]);
  expect(text).toMatchInlineSnapshot(`
    "# head
    words:
      - "on"
      - "1:30"
      - "0o14"
      - "1_000"
      - "null"
      - "~"
      - "- a"
      - n1
      - "a: b"
      - "1.20"
      - "#"
      - ""
    lines: |
      one
      two
    ---
    - op: add
    "
  `);
});

test("printManifest() is read back as it was, by both versions", () => {
  const scalars = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z0-9.:_~-]{1,8}$/),
    fc.integer(),
    fc.boolean(),
  );
  const values = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,5}$/),
    fc.oneof(scalars, fc.array(scalars)),
  );
  const property = fc.property(fc.array(values, { minLength: 1, maxLength: 3 }), (documents) => {
    const text = printManifest("# head\n", documents);
    for (const version of ["1.1", "1.2"] as const) {
      const read = parseAllDocuments(text, { version }).map((each) => each.toJS() as unknown);
      expect(read).toEqual(documents);
    }
  });
  fc.assert(property, runs(100, 200));
});
