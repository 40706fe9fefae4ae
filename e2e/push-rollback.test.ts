/** A host that cannot be reached after a change, or fails half way, is as before by itself; a push that is killed leaves none half. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runs } from "../tools/runs.ts";
import { at, PushDesk, sh } from "./push-desk.ts";
import { pingDuring } from "./steady-pings.ts";
import { readSnapshot, type Snapshot } from "./system-snapshot.ts";
import type { System } from "./system.ts";
import { createSystems, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const hosts = {
  desk: at("203.0.113.100"),
  a: at("203.0.113.1", {}),
  b: at("203.0.113.2", {}),
  c: at("203.0.113.3", {}),
};

const A = "  a: { endpoint: 203.0.113.1, ssh: a }\n";
const B = "  b: { endpoint: 203.0.113.2, ssh: b }\n";
const C = "  c: { endpoint: 203.0.113.3, ssh: c }\n";

function mesh(...nodes: readonly string[]): string {
  const network = "network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }";
  return `${network}\nnodes:\n${nodes.join("")}`;
}

/** It needs a new start, after which ssh is cut off. */
const CUT = `, subnets: [192.168.50.0/24], hooks: {
    postUp: "ip route add blackhole 203.0.113.100",
    postDown: "ip route del blackhole 203.0.113.100" } }`;
const FAIL = `, hooks: { postUp: "echo the disk is not mounted >&2; exit 3" } }`;

/** But for the address that the kernel makes up for an interface whenever it starts. */
async function readSteady(system: System): Promise<Snapshot> {
  const text = JSON.stringify(await readSnapshot(system));
  return JSON.parse(text.replaceAll(/fe80::[0-9a-f:]+/g, "fe80::"));
}

/** Each to each, by their addresses in the mesh. */
function pairs(lab: Systems, ...names: readonly string[]) {
  return names.flatMap((source, at) =>
    names.slice(at + 1).map((_, further) => ({
      source: lab.machine(source),
      target: `10.0.0.${at + further + 2}`,
    })),
  );
}

test("a host undoes what cuts the way of ssh, or fails half way, and push tells which", async () => {
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, mesh(A, B, C));
  await desk.pushed();
  const [a, b, c] = [lab.machine("a"), lab.machine("b"), lab.machine("c")] as const;
  const snapshots = () => Promise.all([a, b, c].map(readSteady));
  const [, ...before] = await snapshots();
  // While it runs: the others send the desk's answers into the tunnel.
  const counts = await pingDuring(pairs(lab, "a", "b", "c"), async () => {
    desk.change("ssh: a }", "ssh: a, subnets: [203.0.113.96/27] }");
    const { status, output, errors } = await desk.warren("push", "--within", "5");
    expect(`${status}\n${output}${errors}`).toMatchInlineSnapshot(`
      "2
      a  5 changes: forwarding, rules, files
      b  error expired (confirm): it could not be reached within 5 s after the change, and has undone it
         look what cuts the way of ssh: an exit, a subnet or a policy that has this machine's address in it
      c  error expired (confirm): it could not be reached within 5 s after the change, and has undone it
         look what cuts the way of ssh: an exit, a subnet or a policy that has this machine's address in it
      2 of 3 hosts failed
      "
    `);
  });
  expect(counts.flatMap(({ lost }) => lost)).toEqual([]);
  const [, ...after] = await snapshots();
  expect(after).toEqual(before);
  expect(await sh(a, "grep -c 203.0.113.96/27 /etc/wireguard/wg0.nft")).toBe("2\n");

  desk.write(mesh(A, B, C));
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  5 changes: rules, forwarding, files
    b  as it is to be
    c  as it is to be
    6 of 6 pairs reach each other
    "
  `);
  await sh(a, "ip route add 192.168.50.0/24 dev net");
  const old = await snapshots();
  desk.write(mesh(A, B.replace(" }", CUT), C.replace(" }", FAIL)));
  const { status, output, errors } = await desk.warren("push", "--within", "5", "--anyway");
  expect(`${status}\n${output}${errors}`).toMatchInlineSnapshot(`
    "2
    a  error undone (apply): it failed, and all was undone: route + 192.168.50.0/24: RTNETLINK answers: File exists
       mend that, and run it again
    b  error expired (confirm): it could not be reached within 5 s after the change, and has undone it
       look what cuts the way of ssh: an exit, a subnet or a policy that has this machine's address in it
    c  error undone (apply): it failed, and all was undone: the disk is not mounted
       mend that, and run it again
    3 of 3 hosts failed
    "
  `);
  expect(await snapshots()).toEqual(old);
  await pingDuring(pairs(lab, "a", "b", "c"), async () => undefined);
});

/** Counts its calls; at the one that is asked for it ends whoever called it, with all that belongs to it. */
const DEADLY_SSH = `#!/bin/sh
exec 9>>/run/calls
flock 9
echo >&9
call=$(wc -l </run/calls)
exec 9>&-
[ "$call" = "$KILL_AT" ] || exec /usr/bin/ssh "$@"
case $KILL_WHEN in
half) head -c -100 | /usr/bin/ssh "$@" ;;
after) /usr/bin/ssh "$@" ;;
interrupted)
	/usr/bin/ssh "$@"
	kill -INT 0
	exit
	;;
esac
kill -9 0
`;

/** Until what was begun is undone, done or on trial. */
const SETTLE = `
until [ ! -e /run/warren/wg0 ] || [ -e /run/warren/wg0/outcome ]; do sleep 0.05; done
while ls -d /run/warren/@in.* >/dev/null 2>&1; do sleep 0.05; done
`;

/** Until the last guard has seen that it is not needed any more, a second later at most. */
const UNGUARDED = "while pgrep -f 'program wg0 [g]uard' >/dev/null; do sleep 0.05; done";

/** All that a push makes of a host, in an order that does not change. */
const READ = `
cd /etc/wireguard && cat wg0.conf wg0.state wg0.nft wg0.key 2>/dev/null
wg showconf wg0 | sort
ip route; ip -o address show dev wg0 scope global | cut -d' ' -f2-
nft list table inet warren-wg0 2>/dev/null
systemctl is-enabled wg-quick@wg0; systemctl is-active wg-quick@wg0
ls -A /etc/wireguard
`;

/** A push whose desk is ended at that moment; then waits for what it left. */
async function killAt(desk: PushDesk, moment: string, ...words: readonly string[]): Promise<void> {
  const [call, when] = moment.split(" ");
  await sh(desk.lab.desk, "rm -f /run/calls");
  const variables = [`KILL_AT=${call}`, `KILL_WHEN=${when}`];
  const { status, errors } = await desk.runWith(variables, "push", "--parallel", "1", ...words);
  const isWarned = errors.includes("interrupted: a host that was being changed");
  const isInterrupted = when === "interrupted";
  const wanted = { moment, status: isInterrupted ? 130 : 137, isWarned: isInterrupted };
  expect({ moment, status, isWarned }).toEqual(wanted);
  await Promise.all(["a", "b"].map((name) => sh(desk.lab.machine(name), SETTLE)));
}

/** The number of the call of ssh (a and b are asked twice each, then each is told to begin and to confirm), and when. */
const MOMENTS = ["5 half", "5 after", "6 after", "7 after"] as const;

test("a push that is killed leaves each host old or new, and the next finishes the job", async () => {
  const lab = await createSystems(ground, { hosts });
  const states = [192, 172].map((first) =>
    mesh(A.replace(" }", `, subnets: [${first}.168.10.0/24, 10.7.${first}.0/24] }`), B),
  );
  const desk = new PushDesk(ground, lab, "");
  await desk.addProgram("ssh", DEADLY_SSH);
  const [a, b] = [lab.machine("a"), lab.machine("b")] as const;
  const read = () => Promise.all([a, b].map((host) => sh(host, READ)));
  const whole: (readonly string[])[] = [];
  for (const state of states) {
    desk.write(state);
    await desk.pushed();
    whole.push(await read());
  }
  const bring = (at: number): void => desk.write(states[at % 2] ?? "");
  const kill = (moment: string, within: number): Promise<void> =>
    killAt(desk, moment, "--within", String(within));
  const left: string[] = [];
  const counts = await pingDuring(pairs(lab, "a", "b"), async () => {
    for (const [at, moment] of MOMENTS.entries()) {
      bring(at);
      await kill(moment, 30);
      const found = await read();
      const words = found.map((text, host) => {
        const is = whole.findIndex((each) => each[host] === text);
        return is < 0 ? "half" : is === at % 2 ? "new" : "old";
      });
      left.push(`${moment}: ${words.join(", ")}`);
      await desk.pushed();
      expect(await read()).toEqual(whole[at % 2]);
      expect(await sh(a, "ls -A /run/warren 2>/dev/null || :")).toBe("");
    }
  });
  expect(left).toMatchInlineSnapshot(`
    [
      "5 half: old, old",
      "5 after: new, old",
      "6 after: new, old",
      "7 after: new, new",
    ]
  `);
  expect(counts.flatMap(({ lost }) => lost)).toEqual([]);
  const [last, next] = [(MOMENTS.length - 1) % 2, MOMENTS.length % 2];
  bring(next);
  // Nobody comes: a goes back by itself.
  await kill("5 after", 5);
  await sh(a, "while [ -e /run/warren/wg0 ]; do sleep 0.05; done");
  expect(await read()).toEqual(whole[last]);
  // The power fails while it is on trial.
  await kill("5 interrupted", 30);
  await a.crash();
  expect([whole[0]?.[0], whole[1]?.[0]]).toContain(await sh(a, READ));
  await desk.pushed();
  expect(await read()).toEqual(whole[next]);
  for (const host of [a, b]) {
    const key = (await sh(host, "cat /etc/wireguard/wg0.key")).trim();
    expect(await lab.findText(key)).toEqual([`${host.name}:/etc/wireguard/wg0.key`]);
  }
});

/** As above; a first push asks each for its key before it begins, a rotation asks one. */
const CYCLES = [
  { first: "7 half", rotation: "7 after", removal: "5 after" },
  { first: "5 after", rotation: "5 after", removal: "5 half" },
  { first: "8 after", rotation: "8 after", removal: "7 after" },
] as const;

test("a first push, a rotation and a removal that are killed are finished by the next", async () => {
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, mesh(A, B));
  await desk.addProgram("ssh", DEADLY_SSH);
  const [a, b] = [lab.machine("a"), lab.machine("b")] as const;
  const snapshots = async (): Promise<readonly Snapshot[]> => {
    await Promise.all([a, b].map((host) => sh(host, UNGUARDED)));
    return await Promise.all([a, b].map(readSnapshot));
  };
  const before = await snapshots();
  /** What a has, and what the lock says of it. */
  const keys = async (): Promise<readonly unknown[]> => {
    const { nodes } = JSON.parse(readFileSync(join(desk.folder, "warren.lock"), "utf8"));
    const { publicKey, keyDue } = nodes.a;
    const live = (await sh(a, "wg show wg0 public-key; wg pubkey </etc/wireguard/wg0.key")).split(
      "\n",
    );
    return [...new Set([publicKey, live[0], live[1]]), keyDue];
  };
  const finish = async (): Promise<unknown> => {
    expect(await desk.pushed()).toContain("2 of 2 pairs reach each other");
    const [key, ...others] = await keys();
    // One key everywhere, and none due.
    expect(others).toEqual([undefined]);
    return key;
  };
  // The others when there is time: each waits for guards.
  for (const { first, rotation, removal } of CYCLES.slice(0, runs(1).numRuns)) {
    await killAt(desk, first);
    const old = await finish();
    expect((await desk.warren("keys", "rotate", "a")).status).toBe(0);
    await killAt(desk, rotation);
    expect(await finish()).not.toBe(old);
    await killAt(desk, removal, "--remove", "--all");
    await desk.pushed("--remove", "--all");
    expect({ removal, found: await snapshots() }).toEqual({ removal, found: before });
  }
});

test("a host that cannot be reached while its key is due stays in the mesh with its old one", async () => {
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, mesh(A, B));
  await desk.pushed();
  const [a, b] = [lab.machine("a"), lab.machine("b")] as const;
  const old = await sh(a, "wg show wg0 public-key");
  expect((await desk.warren("keys", "rotate", "a")).status).toBe(0);
  expect(await desk.pushed("--dry-run")).toMatchInlineSnapshot(`
    "a  1 change to come
       make a new private key, which all others are told
    b  as it is to be
    "
  `);
  await sh(lab.desk, "ip route add unreachable 203.0.113.1");
  const { status, output } = await desk.warren("push");
  expect(`${status}\n${output}`).toMatchInlineSnapshot(`
    "2
    b  as it is to be
    "
  `);
  expect(await sh(b, "wg show wg0 peers")).toBe(old);
  expect(await sh(b, "ping -c1 -w6 10.0.0.1")).toContain("ttl=64");
  await sh(lab.desk, "ip route del unreachable 203.0.113.1");
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  4 changes: its key, peers, files
    b  3 changes: peers, files
    2 of 2 pairs reach each other
    "
  `);
  expect(await sh(a, "wg show wg0 public-key")).not.toBe(old);
});
