/** A mesh does not notice that its server or an agent ends, however it ends, and is there without a server. */
import { expect, test } from "vitest";
import type { NodeView } from "@warren/api";
import { runs } from "../tools/runs.ts";
import { createControl, serveOn, type, untilServing } from "./control-machines.ts";
import { pingDuring } from "./steady-pings.ts";
import type { System } from "./system.ts";
import type { Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const TIMES = runs(2, 1).numRuns;
/** Once so many seconds are over, whoever sends makes new keys by himself (WireGuard, section 6.1), give or take. */
const REKEY_SECONDS = 115;

const BOOTS = ["crash", "reboot"] as const;
const UNITS = [
  ["srv", "warren-server"],
  ["a", "warren@mesh"],
] as const;

/** Comes back when there is another process. The unit is the first argument. */
const pidOf = 'systemctl show -p MainPID --value "$1"';
const UNTIL_ANEW = `timeout 15 sh -c 'until pid=$(${pidOf}); [ $pid != 0 ] && [ $pid != $2 ]; do sleep 0.05; done' sh "$1" $old`;
const ENDS = {
  restart: `old=$(${pidOf}); systemctl restart "$1"; ${UNTIL_ANEW}`,
  "kill -9": `old=$(${pidOf}); kill -9 $old; ${UNTIL_ANEW}`,
};

test("no packet is lost, and no handshake made, when the server or an agent ends and begins anew", async () => {
  const { lab, srv, nodes } = await createMesh(["a", "b"]);
  const [a, b] = nodes as [System, System];
  const both = [
    { source: a, target: "10.77.0.2" },
    { source: b, target: "10.77.0.1" },
  ];
  const counts = await pingDuring(both, async () => {
    for (const [how, script] of Object.entries(ENDS)) {
      for (const [name, unit] of Array.from({ length: TIMES }, () => UNITS).flat()) {
        const before = await readTunnels(nodes);
        await type(lab.machine(name), `set -- ${unit}; ${script}`);
        await untilServing(srv);
        await untilCurrent(srv, ["a", "b"]);
        const after = await readTunnels(nodes);
        expect({ how, unit, wrong: differences(before, after) }).toEqual({ how, unit, wrong: [] });
      }
    }
  });
  // What agents report does not end their connections.
  const list = async () => (await type(srv, "warren node list mesh")).match(/1 of 1/g)?.length;
  await expect.poll(list, { timeout: 20_000, interval: 200 }).toBe(2);
  expect(counts).toMatchObject([{ lost: [] }, { lost: [] }]);
  expect(counts[0]?.sent).toBeGreaterThan(TIMES * 10);
});

test("a node that boots while the server is away has its whole mesh", async () => {
  const { srv, nodes } = await createMesh(["a", "b", "c"]);
  const [a] = nodes as [System];
  await type(srv, "systemctl stop warren-server");
  for (const boot of Array.from({ length: runs(1).numRuns }, () => BOOTS).flat()) {
    await a[boot]();
    await type(a, "for host in 2 3; do ping -n -W 5 -c 1 10.77.0.$host; done");
  }
  expect(await type(a, "warren status | head -n 1")).toMatchInlineSnapshot(`
    "a (warren0): without its server 203.0.113.1:8443, at revision 5 of 5 of mesh
    "
  `);
});

interface Tunnel {
  readonly name: string;
  readonly index: string;
  /** Seconds since 1970. */
  readonly handshake: number;
}

async function readTunnels(nodes: readonly System[]): Promise<readonly Tunnel[]> {
  const script = "cat /sys/class/net/warren0/ifindex; wg show warren0 latest-handshakes | cut -f 2";
  return await Promise.all(
    nodes.map(async (node) => {
      const [index = "", handshake] = (await type(node, script)).split("\n");
      return { name: node.name, index, handshake: Number(handshake) };
    }),
  );
}

/** Tunnels that are others, or that somebody has had agree on keys before it was time. */
function differences(before: readonly Tunnel[], after: readonly Tunnel[]): readonly string[] {
  return before.flatMap(({ name, index, handshake }, at) => {
    const now = after[at];
    const seconds = (now?.handshake ?? 0) - handshake;
    const isForced = seconds !== 0 && seconds < REKEY_SECONDS;
    return now?.index !== index || isForced ? [`${name}: ${index} ${seconds} s`] : [];
  });
}

async function createMesh(names: readonly string[]): Promise<{
  readonly lab: Systems;
  readonly srv: System;
  readonly nodes: readonly System[];
}> {
  const lab = await createControl(ground, ["srv", ...names]);
  const srv = lab.machine("srv");
  await serveOn(srv);
  const nodes = names.map((name) => lab.machine(name));
  const token = await type(srv, "warren token create mesh --uses 0");
  for (const node of nodes) await type(node, `warren join ${token}`);
  return { lab, srv, nodes };
}

async function untilCurrent(srv: System, names: readonly string[]): Promise<void> {
  const ask = async (): Promise<readonly string[]> => {
    const nodes: NodeView[] = JSON.parse(await type(srv, "warren node list mesh --json"));
    return nodes.flatMap(({ name, state }) => (state === "current" ? [name] : []));
  };
  await expect.poll(ask, { timeout: 20_000, interval: 100 }).toEqual(names);
}
