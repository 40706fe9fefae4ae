/** What a host told, and what push makes of it before it touches anything. */
import { printText } from "@warren/core";
import { expect, test } from "vitest";
import { sampleOf } from "../../../../tools/sample.ts";
import type { AnswerLine } from "../remote/answers.ts";
import { readFacts } from "./facts.ts";
import { judgeHost, toolsFor } from "./preflight.ts";

const HEALTHY = `
os debian 12
service systemd
installer apt-get
time 1000
tool wg
tool wg-quick
tool ip
tool nft
tool ping
module kernel
udp 0035
address lo 127.0.0.1/8
address eth0 203.0.113.1/24
route eth0 203.0.113.0/24
space 900000
`;

const MESH = `
network: { name: m, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1 }
  b: { endpoint: 203.0.113.2, subnets: [172.17.0.0/16] }
`;

const {
  devices: [device],
  mesh: {
    nodes: [node],
  },
} = sampleOf(MESH);

/** One line a trouble, the worst first; a line that begins with `-` takes what begins so from the healthy host's. */
function check(changes: string): string {
  const lines = changes.split("\n").map((line) => line.trim());
  const without = lines.flatMap((line) => (line.startsWith("-") ? [line.slice(1)] : []));
  const kept = HEALTHY.split("\n").filter((line) => !without.some((each) => line.startsWith(each)));
  const told = [...kept, ...lines.filter((line) => !line.startsWith("-"))].flatMap(
    (line): AnswerLine[] => {
      const [word = "", ...rest] = line.split(" ");
      return word === "" ? [] : [[word, rest.join(" ")]];
    },
  );
  if (device === undefined || node === undefined) throw new Error("the sample has a node");
  const facts = readFacts(told);
  return [
    ...judgeHost(facts, { node, device }, 1000).map(({ code, cause, fix, isForcible }) => {
      return `${code}${isForcible === true ? " (forcible)" : ""}: ${printText(cause)}; ${printText(fix)}`;
    }),
    ...toolsFor(facts, device).map((tool) => `install ${tool}`),
  ].join("\n");
}

test("judgeHost() finds nothing wrong with a healthy host, bare or with our device", () => {
  expect(check("")).toBe("");
  expect(check("interface wireguard\nfile ours\nport 51820\nudp CA6C")).toBe("");
  expect(check("route wg0 172.17.0.0/16\naddress wg0 10.0.0.1/24")).toBe("");
  expect(check("route eth0 172.16.0.0/12\nroute br0 172.17.5.0/24")).toBe("");
  expect(check("-time\ntime 1290")).toBe("");
});

test("judgeHost() says what is in the way, and the way out", () => {
  expect(check("interface other")).toMatchInlineSnapshot(
    `"interface-taken: it has another interface of the name wg0; take that mesh in (warren import), take it off the host, or choose another name: warren set network interface=NAME"`,
  );
  expect(check("interface wireguard")).toMatchInlineSnapshot(
    `"interface-taken: it has another interface of the name wg0; take that mesh in (warren import), take it off the host, or choose another name: warren set network interface=NAME"`,
  );
  expect(check("file other\nforeign /etc/wireguard/wg0.nft")).toMatchInlineSnapshot(
    `"file-taken: /etc/wireguard/wg0.nft is there, and Warren did not make it; take that mesh in (warren import), move the file away, or choose another name: warren set network interface=NAME"`,
  );
  expect(check("udp CA6C")).toMatchInlineSnapshot(
    `"port-taken: UDP port 51820 is in use by another program; end that one (ss -ulnp tells which); or choose another: warren set a listenPort=51821"`,
  );
  expect(check("readonly /etc")).toMatchInlineSnapshot(
    `"read-only: /etc is mounted read-only, and the files go there; mount it writable: mount -o remount,rw /etc"`,
  );
  expect(check("-space\nspace 12")).toMatchInlineSnapshot(
    `"no-space: only 12 KiB are free where the files go; make room in /etc/wireguard"`,
  );
  expect(check("-module")).toMatchInlineSnapshot(
    `"no-wireguard: its kernel has no WireGuard, and no /dev/net/tun for one in a program; load one of them: modprobe wireguard, or modprobe tun; in a container, let it have /dev/net/tun"`,
  );
  expect(check("-service\nservice none")).toMatchInlineSnapshot(
    `"no-boot (forcible): nothing known here would start the tunnel at boot, or follow endpoints that are names: neither systemd nor OpenRC; have your own start it (wg-quick up) and, where there is one, /etc/wireguard/wg0.endpoints.sh (INTERFACE loop); and go on with --anyway"`,
  );
  expect(check("-time\ntime 700")).toBe("");
  expect(check("-time\ntime 699")).toMatchInlineSnapshot(
    `"clock-wrong (forcible): its clock is 301 s behind the one here; set it, and keep it right (timedatectl set-ntp true): after a step back no peer answers it until it has caught up"`,
  );
  expect(check("-time\ntime 90000")).toMatchInlineSnapshot(
    `"clock-wrong (forcible): its clock is 25 h ahead of the one here; set it, and keep it right (timedatectl set-ntp true): after a step back no peer answers it until it has caught up"`,
  );
  expect(
    check(
      "iptables *filter\niptables :INPUT DROP [0:0]\niptables -A INPUT -i lo -j ACCEPT\niptables COMMIT",
    ),
  ).toMatchInlineSnapshot(`
    "firewall (forcible): iptables drops what comes from wg0: the policy of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -i wg0 -j ACCEPT
    firewall (forcible): iptables drops UDP to port 51820: the policy of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -p udp --dport 51820 -j ACCEPT"
  `);
  expect(check("route docker0 172.17.0.0/16")).toMatchInlineSnapshot(
    `"route-clash (forcible): 172.17.0.0/16 is on docker0 there, and the mesh routes the same into the tunnel; if it is the host's own (docker, say), leave it out: warren set a local=172.17.0.0/16"`,
  );
  expect(check("address eth1 10.0.0.1/24")).toMatchInlineSnapshot(
    `"address-taken: 10.0.0.1/32, its address in the mesh, is on eth1 already; take it off there, or give the node another one"`,
  );
  expect(check("-tool wg\n-installer")).toMatchInlineSnapshot(`
    "no-installer: wg, wg-quick is missing, and no command known here installs packages on debian 12; install it by hand, and run it again
    install wg
    install wg-quick"
  `);
  expect(check("-os\nos openwrt 23.05.3\n-tool wg-quick\n-installer")).toContain(
    "on openwrt 23.05.3; install bash, wireguard-tools, ip-full and coreutils-stat, and copy wg-quick",
  );
});

test("judgeHost() knows other tunnels: ours of before, somebody's with our key or our port", () => {
  const key = device?.publicKey ?? "";
  const other = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
  const way = "udp CA6C\nroute wg9 10.0.0.0/24";
  expect(check(`${way}\ntunnel wg9 ${key} 51820 ours`)).toMatchInlineSnapshot(
    `"interface-renamed: its tunnel of this mesh is there under the name wg9, and the mesh file says wg0; take it off under its old name first: warren set network interface=wg9, and warren push --remove a; then set the new name, and push"`,
  );
  expect(check(`${way}\ntunnel wg9 ${key} 51820 other`)).toMatchInlineSnapshot(
    `"key-in-use: wg9 has its private key already: of two tunnels with one key, neither gets all its packets; take that one down there: wg-quick down wg9"`,
  );
  expect(check(`udp CA6C\ntunnel wg9 ${other} 51820 other`)).toMatchInlineSnapshot(
    `"port-taken: UDP port 51820 is that of the WireGuard interface wg9; take that one down, or let it have another port; or choose another: warren set a listenPort=51821"`,
  );
  expect(check(`tunnel wg9 ${other} 51821 ours`)).toBe("");
});

test("judgeHost() wants a wg from after WireGuard was done", () => {
  expect(check("version 1.0.20210914")).toBe("");
  expect(check("version 0.0.20190123")).toMatchInlineSnapshot(
    `"wg-old (forcible): its wg is of version 0.0.20190123, from before WireGuard was done; update wireguard-tools there to 1.0 or later"`,
  );
});

test("toolsFor() names what is to be installed", () => {
  expect(check("-tool")).toMatchInlineSnapshot(`
    "install wg
    install wg-quick
    install ip"
  `);
  expect(check("-module\nmodule tun")).toMatchInlineSnapshot(`"install wireguard-go"`);
});
