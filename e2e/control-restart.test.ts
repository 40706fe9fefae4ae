/** A mesh does not notice that its server or an agent ends, however it ends, and is there without a server. */
import { expect, test } from "vitest";
import type { NodeView } from "@warren/api";
import { runs } from "../tools/runs.ts";
import { createControl, serveOn, type } from "./control-machines.ts";
import { pingDuring } from "./steady-pings.ts";
import type { System } from "./system.ts";
import type { Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const TIMES = runs(10, 1).numRuns;
/** Once so many seconds are over, whoever sends makes new keys by himself (WireGuard, section 6.1), give or take. */
const REKEY_SECONDS = 115;

/** What ends at once: agents do not wait for one another, but each for its server. */
const ENDING = [["srv"], ["a", "b"]];

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
    let before = await readTunnels(nodes);
    for (const [how, script] of Object.entries(ENDS)) {
      for (const names of Array.from({ length: TIMES }, () => ENDING).flat()) {
        await Promise.all(
          names.map(async (name) => {
            const unit = name === "srv" ? "warren-server" : "warren@mesh";
            await type(lab.machine(name), `set -- ${unit}; ${script}`);
          }),
        );
        await untilCurrent(srv, ["a", "b"]);
        const after = await readTunnels(nodes);
        const wrong = differences(before, after);
        before = after;
        expect({ how, names, wrong }).toEqual({ how, names, wrong: [] });
      }
    }
  });
  // What agents report does not end their connections.
  const list = async () => (await type(srv, "warren node list mesh")).match(/1 of 1/g)?.length;
  await expect.poll(list, { timeout: 20_000, interval: 200 }).toBe(2);
  expect(counts).toMatchObject([{ lost: [] }, { lost: [] }]);
  expect(counts[0]?.sent).toBeGreaterThan(TIMES * 10);
});

test("a node that boots while the server is away has its whole mesh within seconds", async () => {
  const { lab, srv, nodes } = await createMesh(["a", "b", "c"]);
  const [a] = nodes as [System];
  await type(a, WATCH);
  const seconds: number[] = [];
  for (const at of Array.from({ length: TIMES }).keys()) {
    // Its host refuses, or nothing comes back at all; and the node's last end was a proper one, or not.
    const isRefused = at % 2 === 0;
    if (isRefused) await type(srv, "systemctl stop warren-server");
    else await lab.underlay.silence("srv");
    await (at % 4 < 2 ? a.crash() : a.reboot());
    seconds.push(await readWholeSeconds(a));
    expect(await type(a, "warren status | head -n 1")).toBe(
      "a (warren0): without its server 203.0.113.1:8443, at revision 5 of 5 of mesh\n",
    );
    if (isRefused) await type(srv, "systemctl start warren-server");
    else await lab.underlay.unsilence("srv");
  }
  expect(Math.max(...seconds)).toBeLessThanOrEqual(11);
  const slow = seconds.filter((each) => each > 5);
  expect(slow.length).toBeLessThanOrEqual(Math.ceil(TIMES / 10));
});

test("a backup that is two revisions old takes no tunnel, and all follow it under its new epoch", async () => {
  const { srv, nodes } = await createMesh(["a", "b", "c"]);
  const [a, b] = nodes as [System, System];
  const pairs = [
    { source: a, target: "10.77.0.2" },
    { source: b, target: "10.77.0.3" },
  ];
  const counts = await pingDuring(pairs, async () => {
    const before = await readTunnels(nodes);
    await type(srv, "warren server backup old.db");
    await type(srv, "warren node set mesh a subnets=192.168.9.0/24");
    await type(srv, "warren node set mesh c keepalive=25");
    await type(b, "until ip route | grep -q 192.168.9.0/24; do sleep 0.1; done");
    await type(srv, "systemctl stop warren-server; warren server restore old.db");
    await type(srv, "systemctl start warren-server");
    await type(b, "while ip route | grep -q 192.168.9.0/24; do sleep 0.1; done");
    await untilCurrent(srv, ["a", "b", "c"]);
    expect(differences(before, await readTunnels(nodes))).toEqual([]);
  });
  expect(counts).toMatchObject([{ lost: [] }, { lost: [] }]);
});

/** A service that ends as soon as all others of the mesh have answered: systemd keeps the moment. */
const WATCH = `
cat >/etc/systemd/system/whole.service <<'end'
[Service]
ExecStart=sh -c 'for host in 2 3; do until ping -n -W 1 -c 1 10.77.0.$$host; do sleep 0.05; done & done; wait'
[Install]
WantedBy=multi-user.target
end
systemctl -q enable whole
`;

/** From the start of the machine's first process, by its own clock: what comes before that is not ours. */
async function readWholeSeconds(node: System): Promise<number> {
  const moment = async (what: string): Promise<number> =>
    Number(await type(node, `systemctl show --value -p ${what}`));
  const ended = () => moment("ExecMainExitTimestampMonotonic whole");
  await expect.poll(ended, { timeout: 20_000, interval: 100 }).toBeGreaterThan(0);
  return ((await ended()) - (await moment("UserspaceTimestampMonotonic"))) / 1e6;
}

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

/** While the server is away, nobody is. */
async function untilCurrent(srv: System, names: readonly string[]): Promise<void> {
  const words = ["warren", "node", "list", "mesh", "--json"];
  const ask = async (): Promise<readonly string[]> => {
    const { status, output } = await srv.attempt({ words, wayOut: "" });
    const nodes: NodeView[] = status === 0 ? JSON.parse(output) : [];
    return nodes.flatMap(({ name, state }) => (state === "current" ? [name] : []));
  };
  await expect.poll(ask, { timeout: 20_000, interval: 100 }).toEqual(names);
}
