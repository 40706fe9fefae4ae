/** Keys are nowhere but where they belong: not in what processes are called with, nor in any other file, on either side. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, PushDesk, sh } from "./push-desk.ts";
import { findInFiles, watchProcesses } from "./system-search.ts";
import { createSystems, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const TOOLS = ["wg", "wg-quick", "ip", "nft", "systemctl"];

/** Each call of a tool is told to a file, with all that it was called with: what lives for a moment is not missed. */
const LOG_CALLS = TOOLS.map(
  (tool) => `
printf '%s\\n' '#!/bin/sh' '{ echo "${tool} $*"; export -p; } >>/var/log/calls' 'exec "$(PATH=/usr/bin:/bin:/usr/sbin:/sbin command -v ${tool})" "$@"' >/usr/local/bin/${tool}
chmod +x /usr/local/bin/${tool}
`,
).join("");

const LOG_SSH = `#!/bin/sh
{ echo "ssh $*"; export -p; } >>/run/calls
exec /usr/bin/ssh "$@"
`;

const hosts = {
  desk: at("203.0.113.100"),
  a: at("203.0.113.1", { prepare: [LOG_CALLS] }),
  b: at("203.0.113.2", { user: "op", prepare: [LOG_CALLS] }),
};

const MESH = `
network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a, subnets: [192.168.10.0/24] }
  b: { endpoint: 203.0.113.2, ssh: b }
`;

interface Planted {
  readonly what: string;
  readonly secret: string;
  /** Where it belongs, as the search tells it. */
  readonly homes: readonly string[];
}

/** Everything that nobody else may know, and the files that may have it. */
async function readSecrets(lab: Systems, desk: PushDesk): Promise<readonly Planted[]> {
  const read = async (name: string, script: string) => (await sh(lab.machine(name), script)).trim();
  const keys = join(desk.folder, "keys");
  const conf = "/etc/wireguard/wg0.conf";
  const preshared = await read("a", `sed -n 's/^PresharedKey = //p' ${conf}`);
  const ofDesk = readdirSync(keys).filter((name) => /\.(key|secret)$/.test(name));
  return [
    {
      what: "a's own key",
      secret: await read("a", "cat /etc/wireguard/wg0.key"),
      homes: ["a:/etc/wireguard/wg0.key"],
    },
    {
      what: "b's key, made on the desk",
      secret: await read("b", `sed -n 's/^PrivateKey = //p' ${conf}`),
      homes: [`b:${conf}`],
    },
    { what: "a preshared key", secret: preshared, homes: [`a:${conf}`, `b:${conf}`] },
    ...ofDesk.map((name) => ({
      what: name,
      secret: readFileSync(join(keys, name), "utf8").trim(),
      homes: name === "b.key" ? [`b:${conf}`] : [],
    })),
  ];
}

test("push shows no key to anybody, and leaves none where it does not belong", async () => {
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, MESH);
  await desk.addProgram("ssh", LOG_SSH);
  await sh(lab.desk, `umask 077; mkdir ${desk.folder}/keys; wg genkey >${desk.folder}/keys/b.key`);
  const seen = watchProcesses();
  await desk.pushed();
  desk.change("192.168.10", "192.168.11");
  await desk.pushed();
  const before = await readSecrets(lab, desk);
  expect((await desk.warren("keys", "rotate", "a")).status).toBe(0);
  await desk.pushed();
  const processes = seen.stop();
  const calls = await Promise.all([
    sh(lab.machine("a"), "cat /var/log/calls"),
    sh(lab.machine("b"), "cat /var/log/calls"),
    sh(lab.desk, "cat /run/calls"),
  ]);
  const after = await readSecrets(lab, desk);
  expect(after.map(({ what }) => what)).toMatchInlineSnapshot(`
    [
      "a's own key",
      "b's key, made on the desk",
      "a preshared key",
      "b.key",
      "network.secret",
    ]
  `);
  for (const { what, secret, homes } of [...before, ...after]) {
    expect(secret).toMatch(/^[\w+/]{43}=$/);
    const isCurrent = after.some((each) => each.secret === secret);
    const told = [...processes, ...calls].filter((text) => text.includes(secret));
    expect({ what, told }).toEqual({ what, told: [] });
    const beside = findInFiles(desk.folder, secret).filter((file) => !file.startsWith("keys/"));
    const places = [...(await lab.findText(secret)), ...beside];
    expect({ what, places }).toEqual({ what, places: isCurrent ? homes : [] });
  }
  // The search sees what is there: a key in a call, and one that lives for a moment in a process.
  const secret = after[0]?.secret ?? "";
  await sh(lab.machine("a"), `ip link show "${secret}" 2>/dev/null || :`);
  expect(await sh(lab.machine("a"), "cat /var/log/calls")).toContain(`ip link show ${secret}`);
  expect(processes.join("\n")).toContain("wg-quick up wg0");
});
