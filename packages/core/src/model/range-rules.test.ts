/** Tests of endpoints that are names and lead to no other host. What else ranges can be is in parse.test.ts. */
import { expect, test } from "vitest";
import { check } from "../../../../tools/sample.ts";

/** What a mesh of two nodes is told, the first of which has this endpoint. */
function checkEndpoint(endpoint: string): string {
  const network = { name: "n", addresses: ["10.0.0.0/24"] };
  const nodes = { a: { endpoint }, b: { endpoint: "b.example" } };
  return check(JSON.stringify({ network, nodes }));
}

test.each(["hub.invalid", "hub.invalid:99", "INVALID", "localhost", "a.localhost:51820"])(
  "checkRanges() warns of %s, which holds the place of an endpoint",
  (endpoint) => {
    const said = `${endpoint.toLowerCase()} leads to no other host (RFC 6761)`;
    expect(checkEndpoint(endpoint)).toBe(
      `warning endpoint-placeholder nodes.a.endpoint: nodes.a.endpoint: ${said}`,
    );
  },
);

test.each(["invalid.example", "xinvalid", "my-localhost", "localhost.example"])(
  "checkRanges() has nothing to say of %s",
  (endpoint) => {
    expect(checkEndpoint(endpoint)).toBe("");
  },
);

test.each(["127.0.0.1", "127.9.9.9:99", "::1", "[::1]:99"])(
  "checkRanges() refuses %s, which is every host itself",
  (endpoint) => {
    expect(checkEndpoint(endpoint)).toMatch(/^error endpoint-unusable nodes\.a\.endpoint: .*$/);
  },
);
