/** Tests of calculating with prefixes on the command line. */
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";

async function cidr(...words: readonly string[]): Promise<string> {
  const { status, out, err } = await new MeshFolder().run("cidr", ...words);
  expect(status).toBe(0);
  expect(err).toBe("");
  return out.replaceAll("\n", " ");
}

test.each([
  [["10.0.0.0/25", "10.0.0.128/25"], "10.0.0.0/24"],
  [["10.0.0.0/24", "+", "10.0.1.0/24"], "10.0.0.0/23"],
  [["10.0.0.0/24", "-", "10.0.0.0/25"], "10.0.0.128/25"],
  [["10.0.0.0/24 - 10.0.0.0/26, 10.0.0.64/26"], "10.0.0.128/25"],
  [["10.0.0.0/23", "minus", "10.0.0.0/24", "and", "10.0.1.0/25"], "10.0.1.0/25"],
  [["10.0.0.0/8", "&", "10.1.2.3"], "10.1.2.3/32"],
  [["fd00::/127", "10.0.0.1", "fd00::2/127"], "10.0.0.1/32 fd00::/126"],
  [["10.0.0.0/24", "-", "10.0.0.0/8"], ""],
])("cidr() calculates %j", async (words, printed) => {
  expect(await cidr(...words)).toBe(printed);
});

test("cidr() takes a network out of its supernet, as a site's reach needs it", async () => {
  expect(await cidr("172.16.0.0/12", "-", "172.16.0.0/24")).toBe(
    "172.16.1.0/24 172.16.2.0/23 172.16.4.0/22 172.16.8.0/21 172.16.16.0/20 172.16.32.0/19 172.16.64.0/18 172.16.128.0/17 172.17.0.0/16 172.18.0.0/15 172.20.0.0/14 172.24.0.0/13",
  );
});

test("cidr() prints JSON when asked", async () => {
  expect(await cidr("10.0.0.0/25", "10.0.0.128/25", "--json")).toBe('["10.0.0.0/24"]');
});

const FORM = "write prefix, operator, prefix, such as 10.0.0.0/8 - 10.1.0.0/16";

test.each([
  [["-", "10.0.0.0/8"], '"-" has nothing on its left', FORM],
  [["10.0.0.0/8", "-"], "there is nothing to calculate with at the end", FORM],
  [["10.0.0.0/8", "-", "&", "10.0.0.0/8"], '"&" has nothing on its left', FORM],
  [[","], "there is nothing to calculate with at the end", FORM],
  [
    ["10.0.0.1/8"],
    'cannot parse prefix "10.0.0.1/8": host bits are set',
    "write 10.0.0.0/8 for the network or 10.0.0.1/32 for the host",
  ],
])("cidr() refuses %j", async (words, message, fix) => {
  expect(await new MeshFolder().run("cidr", ...words)).toEqual({
    status: 64,
    out: "",
    err: `warren: error usage: ${message}\n  ${fix}`,
  });
});
