/** warren probe and warren status over real ssh, to root and to a user who becomes root by sudo. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSystems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const WARREN = join(import.meta.dirname, "../warren");
const MESH = `network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a }
  b: { endpoint: 203.0.113.2, ssh: b }
`;

const ground = useGround();

/** Prints how many connections there are while it measures again and again, and how many after it was killed. */
const KILL = `
count() { ss -Htn state established dport = :22 | wc -l; }
HOME=/root "$0" probe --watch >/run/said &
pid=$!
timeout 20 sh -c 'until grep -q "pairs reach" /run/said; do sleep 0.02; done'
count
kill -9 $pid
for try in $(seq 200); do [ "$(count)" != 0 ] || break; sleep 0.02; done
count
`;

test("what push has brought is probed and told, by connections that end with who made them", async () => {
  const port = (address: string) => ({ ports: { net: { addresses: [`${address}/24`] } } });
  const lab = await createSystems(ground, {
    hosts: {
      desk: port("203.0.113.100"),
      a: { ...port("203.0.113.1"), system: {} },
      b: { ...port("203.0.113.2"), system: { user: "op" } },
    },
  });
  const folder = join(ground.folder.path, "mesh");
  mkdirSync(folder);
  writeFileSync(join(folder, "warren.yaml"), MESH);
  const warren = async (...words: readonly string[]): Promise<string> => {
    const inside = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, WARREN];
    const command = ["env", "-C", "/", "HOME=/root", ...inside, ...words];
    const { status, output, errors } = await lab.desk.attempt({ words: command, wayOut: "" });
    expect({ words, status, errors }).toEqual({ words, status: 0, errors: "" });
    return output;
  };
  await warren("push");
  const probed = await warren("probe");
  expect(probed).toMatch(
    /path MTU: 1420; oldest handshake: \d+ s\n2 of 2 pairs reach each other\n$/,
  );
  const killed = ["sh", "-c", `cd ${folder} && ${KILL}`, WARREN];
  expect(await lab.desk.run({ words: killed, wayOut: "" })).toBe("2\n0\n");
  const told = await warren("status", "a", "b");
  expect(told).toMatch(/^a \(wg0\): UDP port 51820, 10\.0\.0\.1\/24, \S{44}$/m);
  expect(told).toMatch(
    /^b {5}203\.0\.113\.2:51820 +\d+ s ago +\S+ \S+ +\S+ \S+ +10\.0\.0\.2\/32$/m,
  );
  expect(told).toMatch(/^b \(wg0\): UDP port 51820, 10\.0\.0\.2\/24, \S{44}$/m);
});
