/** warren doctor on real machines: it names nothing while all is well, and of each of many faults its cause. */
import { expect, test } from "vitest";
import { createControl, machinesOf, serveOn, type, typeInVain } from "./control-machines.ts";
import type { System } from "./system.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** A host whose clock is a day behind, for whoever asks it in Node. */
const YESTERDAY = `NODE_OPTIONS='--import=data:text/javascript,const{now}=Date;Date.now=()=>now()-864e5'`;
/** On which packets of the hosts leave. */
const PORTS = { a: "nat-a-net", c: "c-net", d: "d-net" } as const;
/** A handshake's first message, as others see it (WireGuard, section 5.4.2). */
const INITIATION = "meta l4proto udp @th,64,8 1";

test("doctor names the cause of each fault, and nothing where all is well", async () => {
  const lan = { addresses: ["192.168.40.1/24"] };
  const lab = await createControl(ground, ["srv", "a", "b", "c", "d", "e", "f"], {
    ...behind("a", "masquerade"),
    ...behind("e", "masquerade random"),
    f: { ports: { lan } },
  });
  const [srv, a, b, c, d, e, f] = machinesOf(lab, "srv", "a", "b", "c", "d", "e", "f");
  await serveOn(srv);
  const token = (await type(srv, "warren token create mesh --uses 0")).trim();
  // In this order they are given their addresses.
  for (const host of [a, b, c, d, f]) await type(host, `warren join ${token}`);
  await type(srv, "warren node set mesh f subnets=192.168.40.0/24");
  expect(await Promise.all([ask(a), ask(srv, "--network mesh")])).toEqual([[], []]);

  // A port that is not let in, large packets that are lost, a host that is off, one behind another NAT, a host's own rule.
  await inUnderlay("a", "ip daddr 203.0.113.3 meta l4proto udp drop");
  await inUnderlay("a", "ip daddr 203.0.113.4 meta l4proto udp meta length > 1400 drop");
  await type(d, "systemctl stop warren@mesh; ip link delete warren0");
  await type(f, `systemctl stop warren@mesh; ${guard("udp dport 51820 drop")}`);
  await type(e, `warren join ${token}`);
  await type(a, ANEW);
  expect(await Promise.all([ask(a, "b c d e"), ask(d), ask(f)])).toMatchInlineSnapshot(`
    [
      [
        "udp-in-blocked, at b, a ↔ b",
        "mtu, a ↔ c",
        "away, at d, a ↔ d",
        "both-nat, a ↔ e",
      ],
      [
        "tunnel-down, at d, d ↔ a, d ↔ b, d ↔ c, d ↔ f",
      ],
      [
        "firewall-port, at f, f ↔ a, f ↔ b, f ↔ c, f ↔ d",
      ],
    ]
  `);
  // The way out that it prints is one.
  await type(srv, "warren network set mesh mtu=1328");
  expect(await ask(a, "c")).toEqual([]);
  await clearUnderlay();
  await type(d, "warren up mesh");
  await type(e, "systemctl stop warren@mesh");
  await type(srv, "warren node remove mesh e");

  // Who is out, whose interface is somebody else's; a name without address, one of another, a way into another VPN, a rule inside.
  await type(srv, "warren node set mesh b endpoint=b.nowhere.test");
  await type(srv, "warren node set mesh c endpoint=c.wan.test");
  await type(a, "echo 203.0.113.5 c.wan.test >>/etc/hosts");
  await type(a, `${VPN}; ip route add 203.0.113.5 dev vpn0`);
  await type(f, guard("iifname warren0 drop"));
  await inUnderlay("c", `ip daddr 203.0.113.8 ${INITIATION} drop`);
  await type(
    b,
    "systemctl stop warren@mesh; ip link delete warren0; ip link add warren0 type bridge",
  );
  await type(a, ANEW);
  expect(await Promise.all([ask(a, "b c d"), ask(b), ask(e), ask(f)])).toMatchInlineSnapshot(`
    [
      [
        "dead-name, at a, a ↔ b",
        "name-elsewhere, at a, a ↔ c",
        "other-vpn, at a, a ↔ d",
      ],
      [
        "foreign-interface, at b, b ↔ a, b ↔ c, b ↔ d, b ↔ f",
      ],
      [
        "revoked, at e",
      ],
      [
        "firewall-tunnel, at f, f ↔ a, f ↔ c, f ↔ d",
        "away, at b, f ↔ b",
      ],
    ]
  `);
  await type(b, "ip link delete warren0; warren up mesh");
  await type(f, "nft delete table inet guard; warren up mesh");
  await clearUnderlay();
  await type(a, "ip route delete 203.0.113.5; sed -i /wan.test/d /etc/hosts");
  await type(srv, "warren node set mesh b endpoint=; warren node set mesh c endpoint=");

  // A range of the mesh that is elsewhere, a clock that went back, a port that is another's, another key, a host that does not forward.
  await type(a, "ip route add 10.77.0.2/32 dev vpn0");
  await inUnderlay("a", `ip daddr 203.0.113.4 ${INITIATION} drop`);
  await inUnderlay("c", `ip daddr 203.0.113.8 ${INITIATION} drop`);
  await type(a, ANEW);
  await type(b, `systemctl stop warren@mesh; ip link delete warren0; ${HELD}`);
  await type(b, "systemctl start --no-block warren@mesh; sleep 2");
  await type(d, `systemctl stop warren@mesh; ${OTHER_KEY}`);
  await type(f, "systemctl stop warren@mesh; echo 0 >/proc/sys/net/ipv4/ip_forward");
  const asked = [ask(a, "b c", YESTERDAY), ask(b), ask(d, "a"), ask(f, "c")];
  expect(await Promise.all(asked)).toMatchInlineSnapshot(`
    [
      [
        "route-clash, at a, a ↔ b",
        "clock, at a, a ↔ c",
      ],
      [
        "agent-failed, at b, b ↔ a, b ↔ c, b ↔ d, b ↔ f",
      ],
      [
        "key-mismatch, at d, d ↔ a",
      ],
      [
        "forwarding-off, at f, f ↔ c",
      ],
    ]
  `);

  // At last all are as they were.
  await type(a, "ip route delete 10.77.0.2/32");
  await type(b, "kill $(cat /run/holder)");
  await clearUnderlay();
  await Promise.all([d, f].map((host) => type(host, "warren up mesh")));
  await expect.poll(async () => await ask(a), { timeout: 60_000 }).toEqual([]);

  // Without the server each end knows only what it sees itself; elsewhere than on a host nobody can be asked.
  await type(srv, "warren node set mesh f subnets=");
  // A change of which the server was not told yet may be taken back.
  const listed = () => type(srv, "warren node list mesh");
  await expect.poll(listed, { timeout: 60_000 }).not.toMatch(/behind|failed/);
  await type(srv, "systemctl stop warren-server");
  await type(f, "systemctl stop warren@mesh; ip link delete warren0");
  expect(await typeInVain(f, "warren doctor a")).toMatchInlineSnapshot(`
    "the server cannot be asked for the other ends: cannot reach the server 203.0.113.1: the connection is refused
    f ↔ a: the tunnel of f is down, and its agent does not run (tunnel-down)
      on f: start its agent, which puts that right: warren up mesh
    "
  `);
  expect((await typeInVain(a, "warren doctor")).replace(/: .*/, ": …")).toMatchInlineSnapshot(`
    "the server cannot be asked for the other ends: …
    a ↔ f: probably nothing comes to a from f, which it dials at 203.0.113.7:51820 (no-answer)
      see whether f is on, its tunnel is up, and UDP is let in there; on f: warren doctor
    "
  `);
});

/** The tunnel's port, by some program. */
const HELD = `
setsid /opt/warren/node_modules/.bin/node -e 'require("dgram").createSocket("udp4").bind(51820)' >/dev/null 2>&1 </dev/null &
echo $! >/run/holder
until ss -Hlun "sport = :51820" | grep -q .; do sleep 0.02; done`;

const VPN = "ip tuntap add vpn0 mode tun; ip link set vpn0 up";

/** What the host itself keeps out, with an agent that is not there to let it in. */
function guard(rule: string): string {
  const chain = "{ type filter hook input priority filter; }";
  return `
    nft delete table inet guard 2>/dev/null || true
    nft add table inet guard; nft add chain inet guard input '${chain}'; nft add rule inet guard input ${rule}
  `;
}

/** The entry of the peer at that address, made anew with another preshared key. */
const OTHER_KEY = `
wg show warren0 dump | grep -F 10.77.0.1/32 | {
  read -r key psk endpoint ranges rest
  wg set warren0 peer "$key" remove
  wg genpsk | wg set warren0 peer "$key" preshared-key /dev/stdin endpoint "$endpoint" allowed-ips "$ranges"
}`;

/** Has the tunnel forget all handshakes: its agent makes it anew. */
const ANEW = `
ip link delete warren0
timeout 10 sh -c 'until wg show warren0 peers 2>/dev/null | grep -q .; do sleep 0.05; done'
`;

async function inUnderlay(host: keyof typeof PORTS, rule: string): Promise<void> {
  const port = PORTS[host];
  const chain = `type filter hook ingress device "${port}" priority -10; policy accept;`;
  const input = `table netdev faults {\nchain ${port} {\n${chain}\n${rule}\n}\n}\n`;
  await ground.world.internet.run({ words: ["nft", "-f", "-"], input, wayOut: "" });
}

async function clearUnderlay(): Promise<void> {
  await ground.world.internet.run({
    words: ["nft", "delete", "table", "netdev", "faults"],
    wayOut: "",
  });
}

/** In a network of its own behind a router. */
function behind(name: string, how: string) {
  // What comes unasked is dropped, or it would be taken for a flow of the router's own, in whose way another's is.
  const nat = `table ip nat {
    chain in { type filter hook input priority filter; ct state new drop; }
    chain out { type nat hook postrouting priority srcnat; oifname net ${how}; }
  }`;
  const lan = (last: number) => ({ [`lan-${name}`]: { addresses: [`192.168.1.${last}/24`] } });
  return {
    [name]: { ports: lan(2), routes: ["default via 192.168.1.1"] },
    [`nat-${name}`]: { ports: lan(1), router: nat },
  };
}

/** What it names: code, host, and with whom the tunnels are that it is about. */
async function ask(host: System, words = "", environment = ""): Promise<readonly string[]> {
  const script = `${environment} warren doctor --json ${words}`;
  const { output, status } = await host.attempt({
    words: ["sh", "-c", script],
    wayOut: "",
  });
  const { findings } = JSON.parse(output);
  const all: { code: string; host?: string; pairs: string[][] }[] = findings;
  expect(status).toBe(all.length > 0 ? 1 : 0);
  return all.map(({ code, host: at, pairs }) =>
    [
      code,
      ...(at === undefined ? [] : [`at ${at}`]),
      ...pairs.map((pair) => pair.join(" ↔ ")),
    ].join(", "),
  );
}
