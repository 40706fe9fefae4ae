/** warren probe and warren status on real WireGuard: what they say is what the hosts' own commands say. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Host } from "../lab/world.ts";
import { unprivileged } from "./lab-run.ts";
import { renderPlan } from "./rendered-mesh.ts";
import { createUnderlay } from "./underlay.ts";
import type { Underlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";

const CLI = join(import.meta.dirname, "../packages/cli/src/main.ts");
const STAND_INS = join(import.meta.dirname, "stand-ins");
/** n2 and n3 reach s1 through n1 alone; s1 may not begin anything with n3. */
const MESH = `network: { name: k8s, addresses: [10.66.0.0/24], interface: wg0, presharedKeys: true }
sites:
  nanjing: { network: 172.16.0.0/24, gateways: [n1] }
nodes:
  n1: { site: nanjing, lan: 172.16.0.1, endpoint: 203.0.113.10, ssh: root@n1 }
  n2: { site: nanjing, lan: 172.16.0.2 }
  n3: { site: nanjing, lan: 172.16.0.3, ssh: "n3:2222" }
  s1: { endpoint: 203.0.113.20, ssh: admin@s1.example }
policy:
  - { from: [n1, n2, n3, s1], to: [n1, n2, s1] }
  - { from: [n1, n2], to: [n3] }
`;
const NAMES = ["n1", "n2", "n3", "s1"];
const ADDRESS: Readonly<Record<string, string>> = {
  n1: "10.66.0.1",
  n2: "10.66.0.2",
  n3: "10.66.0.3",
  s1: "10.66.0.4",
};

const fixture = useWorld();
let underlay: Underlay;
let meshFile: string;

beforeEach(async () => {
  const files = join(fixture.folder.path, "mesh");
  mkdirSync(files);
  const mesh = join(fixture.folder.path, "mesh.yaml");
  writeFileSync(mesh, MESH);
  const { hosts } = await renderPlan(mesh, join(files, "out"));
  meshFile = join(files, "warren.yaml");
  const folders = new Map(hosts.map(({ name, folder }) => [name, folder]));
  const node = (name: string, ports: Readonly<Record<string, string>>) => ({
    folder: folders.get(name) ?? "",
    ports: Object.fromEntries(
      Object.entries(ports).map(([port, address]) => [port, { addresses: [`${address}/24`] }]),
    ),
  });
  underlay = await createUnderlay(fixture, {
    hosts: {
      n1: node("n1", { nanjing: "172.16.0.1", public: "203.0.113.10" }),
      n2: node("n2", { nanjing: "172.16.0.2" }),
      n3: node("n3", { nanjing: "172.16.0.3" }),
      s1: node("s1", { public: "203.0.113.20" }),
    },
  });
  const lines = NAMES.map((name) => `${name} ${host(name).pid}\n`);
  writeFileSync(join(fixture.folder.path, "processes"), lines.join(""));
  await Promise.all(NAMES.map((name) => print(name, "wg-quick", "up", "wg0")));
});

test("probe has every host measure every pair that is allowed, and finds the ways", async () => {
  const { status, out, err } = await warren("probe");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(shorten(out)).toMatchInlineSnapshot(`
    "round trips in milliseconds, from the left to the top

     n1 n2 n3 s1
    n1 · N.NN N.NN N.NN
    n2 N.NN · N.NN N.NN
    n3 N.NN N.NN · N.NN
    s1 N.NN N.NN · ·

    via n1: n2 → s1, n3 → s1, s1 → n2
    path MTU: 1420; oldest handshake: N s
    11 of 11 pairs reach each other
    "
  `);
  const { pairs, refused }: Printed = JSON.parse((await warren("probe", "--json")).out);
  expect(refused).toEqual([]);
  const found = pairs.map(({ source, target, pathMtu, isAllowed, via = "direct" }) => [
    `${source} ${target}`,
    pathMtu,
    isAllowed ? via : "denied",
  ]);
  const shaken = pairs.filter(({ handshakeSeconds }) => handshakeSeconds !== undefined);
  expect(shaken).toHaveLength(8);
  expect(found).toEqual([
    ["n1 n2", 1420, "direct"],
    ["n1 n3", 1420, "direct"],
    ["n1 s1", 1420, "direct"],
    ["n2 n1", 1420, "direct"],
    ["n2 n3", 1420, "direct"],
    ["n2 s1", 1420, "n1"],
    ["n3 n1", 1420, "direct"],
    ["n3 n2", 1420, "direct"],
    ["n3 s1", 1420, "n1"],
    ["s1 n1", 1420, "direct"],
    ["s1 n2", 1420, "n1"],
    ["s1 n3", undefined, "denied"],
  ]);
});

test("probe tells a tunnel that is cut from a host that cannot be asked, and ends with 2", async () => {
  const key = (await print("n3", "wg", "show", "wg0", "public-key")).trim();
  await print("n2", "wg", "set", "wg0", "peer", key, "remove");
  const cut = await warren("probe");
  expect(cut.status).toBe(2);
  expect(shorten(cut.out)).toMatchInlineSnapshot(`
    "round trips in milliseconds, from the left to the top

     n1 n2 n3 s1
    n1 · N.NN N.NN N.NN
    n2 N.NN · ✗ N.NN
    n3 N.NN ✗ · N.NN
    s1 N.NN N.NN · ·

    n2 → n3: no answer, and never a handshake with 172.16.0.3:51820
      look whether the tunnel is up on n3, and whether its firewall and its provider's let UDP in there
    n3 → n2: no answer, and never a handshake with 172.16.0.2:51820
      look whether the tunnel is up on n2, and whether its firewall and its provider's let UDP in there
    via n1: n2 → s1, n3 → s1, s1 → n2
    path MTU: 1420; oldest handshake: N s
    9 of 11 pairs reach each other
    "
  `);
  await print("s1", "wg-quick", "down", "wg0");
  const processes = readFileSync(join(fixture.folder.path, "processes"), "utf8");
  writeFileSync(join(fixture.folder.path, "processes"), processes.replace(/^n3 .*\n/m, ""));
  const some = await warren("probe", "n1", "n3", "s1");
  expect(some.status).toBe(2);
  expect(shorten(some.out)).toMatchInlineSnapshot(`
    "round trips in milliseconds, from the left to the top

     n1 n2 n3 s1
    n1 · N.NN N.NN ✗
    n3 ? ? · ?
    s1 ? ? · ·

    n1 → s1: no answer, and the last handshake is N s old
      look whether the tunnel is up on s1; and if so, for rules of others there that drop what comes out of it: nft list ruleset
    n3: the name n3 is not known
      set ssh=USER@HOST of the node, or give the name a Host block in ~/.ssh/config
    s1: the tunnel wg0 is not up
      bring it up: warren push; or there: systemctl start wg-quick@wg0
    path MTU: 1420; oldest handshake: N s
    2 of 8 pairs reach each other
    "
  `);
});

test("probe --watch tells what changes until Ctrl-C, and leaves nothing behind", async () => {
  const temporary = join(fixture.folder.path, "tmp");
  mkdirSync(temporary);
  const env = { ...environment(), TMPDIR: temporary };
  const words = [CLI, "probe", "n1", "--watch", "-f", meshFile];
  const watch = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(watch, "close");
  let out = "";
  const until = async (text: string): Promise<void> => {
    while (!out.includes(text)) {
      const [piece] = await Promise.race([once(watch.stdout, "data"), ended]);
      if (watch.exitCode !== null) throw new Error(`ended: ${out}`);
      out += String(piece);
    }
  };
  await until("3 of 3 pairs reach each other\n");
  expect(readdirSync(temporary)).toHaveLength(1);
  await print("s1", "ip", "link", "set", "wg0", "down");
  await until("\nn1 → s1: no answer\n2 of 3 pairs reach each other\n");
  await print("s1", "ip", "link", "set", "wg0", "up");
  await until("\nn1 → s1: is well again\n3 of 3 pairs reach each other\n");
  watch.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(readdirSync(temporary)).toEqual([]);
});

test("probe finds the path MTU to the byte: behind a gateway, and where large packets vanish", async () => {
  await print("n1", "ip", "link", "set", "wg0", "mtu", "1377");
  const rule = "udp dport 51820 ip daddr 172.16.0.3 ip length > 1400 drop";
  const words = ["nft", "insert", "rule", "netdev", "provider", "n2-nanjing", ...rule.split(" ")];
  await fixture.world.internet.run({ words, wayOut: "" });
  const { status, out } = await warren("probe", "--json", "n2", "n3");
  expect(status).toBe(0);
  const { pairs }: Printed = JSON.parse(out);
  const mtus = pairs.map(({ source, target, pathMtu }) => [`${source} ${target}`, pathMtu]);
  // 1400 bytes less 60 of WireGuard's over IPv4 are 1340, which it fills up in steps of 16.
  expect(Object.fromEntries(mtus)).toMatchObject({
    "n2 n3": 1328,
    "n2 s1": 1377,
    // The answer is as large as what it answers.
    "n3 n2": 1328,
    "n3 s1": 1377,
    "n3 n1": 1420,
  });
  for (const [bytes, isThrough] of [
    [1328, true],
    [1329, false],
  ] as const) {
    const ping = ["ping", "-c", "2", "-W", "1", "-M", "do", "-s", String(bytes - 28)];
    const outcome = await host("n2").attempt({ words: [...ping, "10.66.0.3"], wayOut: "" });
    expect({ bytes, isThrough: outcome.status === 0 }).toEqual({ bytes, isThrough });
  }
  const shown = await warren("probe", "n2");
  expect(shown.out).toContain(
    "n2 → n3: packets of more than 1328 bytes do not come through, and the MTU of the tunnels is 1420\n  lower it",
  );
});

test("probe and status need no more of a host than busybox has", async () => {
  for (const command of ["ping", "dash", "awk", "sed", "grep", "mktemp", "date"]) {
    const file = (await print("n2", "readlink", "-f", `/usr/bin/${command}`)).trim();
    await print("n2", "mount", "-n", "--bind", "/usr/bin/busybox", file);
  }
  expect(await print("n2", "sh", "-c", "ping 2>&1 | head -n 1")).toContain("BusyBox");
  const { status, out } = await warren("probe", "n2");
  expect(status).toBe(0);
  expect(out).toMatch(/path MTU: –; oldest handshake: \d+ s\n3 of 3 pairs reach each other\n$/);
  expect((await warren("status", "n2")).out).toMatch(/^n1 .*\nn3 /m);
});

test("status names the peers and shows what wg shows, there and from afar", async () => {
  await print("n1", "sh", "-c", "echo '[Interface]' >/etc/wireguard/other.conf");
  // Afterwards all have shaken hands.
  expect(await warren("probe")).toMatchObject({ status: 0 });
  const { status, out, err } = await warren("status", ...NAMES);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  for (const name of NAMES) {
    const own = (await print(name, "wg", "show", "wg0", "public-key")).trim();
    expect(out).toContain(`${name} (wg0): UDP port 51820, ${ADDRESS[name]}/24, ${own}`);
  }
  const words = [process.execPath, CLI, "status"];
  const there = shorten(await host("n1").run({ words, wayOut: "" }));
  expect(there.replaceAll(/[\d.]+ (?:Ki)?B/g, "N KiB")).toMatchInlineSnapshot(`
    "n1 (wg0): UDP port 51820, 10.66.0.1/24, KEY
    peer endpoint last handshake received sent AllowedIPs
    n2 172.16.0.2:51820 N s ago N KiB N KiB 10.66.0.2/32
    n3 172.16.0.3:51820 N s ago N KiB N KiB 10.66.0.3/32
    s1 203.0.113.20:51820 N s ago N KiB N KiB 10.66.0.4/32
    "
  `);
  const { tunnels }: { tunnels: readonly { peers: readonly { name: string }[] }[] } = JSON.parse(
    (await warren("status", "n1", "--json")).out,
  );
  expect(tunnels.map(({ peers }) => peers.map(({ name }) => name))).toEqual([["n2", "n3", "s1"]]);
  await print("s1", "wg-quick", "down", "wg0");
  const down = await warren("status", "s1");
  expect(down).toMatchObject({ status: 2 });
  expect(down.out).toMatchInlineSnapshot(`
    "s1 (wg0): the tunnel is down
      bring it up: warren push; or there: systemctl start wg-quick@wg0
    "
  `);
  await print("s1", "mv", "/etc/wireguard/wg0.conf", "/etc/wireguard/wg0.old");
  expect((await warren("status", "s1")).out).toMatchInlineSnapshot(`
    "s1: there is no file in /etc/wireguard that Warren has made
      bring a mesh to it: warren push, or warren join there; or ask another: warren status NODE
    "
  `);
});

test("status says that it needs root", async (ctx) => {
  const nobody = unprivileged();
  if (nobody === undefined) ctx.skip("nobody may read this repository here");
  const words = [...(nobody ?? []), process.execPath, CLI, "status"];
  expect(await host("n1").attempt({ words, wayOut: "" })).toEqual({
    status: 2,
    output: "",
    errors:
      "warren: error cannot-read: only root may ask WireGuard\n  run it as root: sudo warren status\n",
  });
});

/** What --json prints. */
interface Printed {
  readonly pairs: readonly {
    readonly source: string;
    readonly target: string;
    readonly isAllowed: boolean;
    readonly pathMtu?: number;
    readonly handshakeSeconds?: number;
    readonly via?: string;
  }[];
  readonly refused: readonly unknown[];
}

interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command on the desk; no private or preshared key is ever said. */
async function warren(...words: readonly string[]): Promise<Said> {
  const env = environment();
  const said = await new Promise<Said>((done) => {
    execFile(process.execPath, [CLI, ...words, "-f", meshFile], { env }, (error, out, err) => {
      done({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
  for (const secret of secrets()) expect(said.out + said.err).not.toContain(secret);
  return said;
}

function environment(): Readonly<Record<string, string>> {
  return {
    PATH: `${STAND_INS}${delimiter}${process.env["PATH"]}`,
    WARREN_HOSTS: join(fixture.folder.path, "processes"),
    LC_ALL: "C",
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
  };
}

/** Without what no two runs have in common: times, and columns that are as wide as these; keys. */
function shorten(text: string): string {
  return text
    .replaceAll(/(?<=\S) +|^ {3,}/gm, " ")
    .replaceAll(/(?<![\d.])\d+\.\d\d(?![\d.])/g, "N.NN")
    .replaceAll(/\b\d+ s\b/g, "N s")
    .replaceAll(/[\w+/]{43}=/g, "KEY");
}

function secrets(): readonly string[] {
  const folder = join(fixture.folder.path, "mesh");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"));
  const keys = texts.flatMap((text) =>
    [...text.matchAll(/^(?:Private|Preshared)Key = (\S+)$/gm)].map(([, key]) => key ?? ""),
  );
  expect(keys.length).toBeGreaterThanOrEqual(2 * NAMES.length);
  return keys;
}

function host(name: string): Host {
  return underlay.host(name);
}

function print(name: string, ...words: readonly string[]): Promise<string> {
  return host(name).run({ words, wayOut: "look at the host" });
}
