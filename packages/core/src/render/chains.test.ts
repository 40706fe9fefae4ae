/** Rules as a host loads them: to the letter, and as the real nft takes them. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import fc from "fast-check";
import { compile, Printed, renderFiles } from "../mod.ts";
import type { Device } from "../mod.ts";
import { indexOfPolicy, policyDocuments } from "../../../../tools/random-policy.ts";
import type { PolicyDocument } from "../../../../tools/random-policy.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf, sampleSecrets } from "../../../../tools/sample.ts";
import { mergePorts } from "./chains.ts";

/** A gateway with everything: a subnet and an exit, clients of which one is confined, a policy. */
const DOCUMENT: PolicyDocument = {
  network: { name: "n", addresses: ["10.0.0.0/24", "fd00::/64"], interface: "wg0" },
  sites: { s0: { gateways: ["n0"] } },
  nodes: {
    n0: {
      address: ["10.0.0.1", "fd00::1"],
      endpoint: "198.51.100.1",
      subnets: ["192.168.0.0/24", "0.0.0.0/0"],
      tags: ["x"],
      relay: false,
      site: "s0",
    },
    n1: {
      address: ["10.0.0.2", "fd00::2"],
      endpoint: "198.51.100.2",
      subnets: ["192.168.1.0/24"],
      tags: ["x"],
      relay: false,
      exit: "n0",
    },
  },
  clients: {
    c0: { via: ["n0"], access: ["subnets"], tags: [] },
    c1: { via: ["n0"], access: ["nodes", "subnets", "exit"], tags: [] },
  },
  groups: {},
  policy: [
    { from: ["n1", "c0", "c1"], to: ["n0", "c1", "192.168.0.0/16"], ports: ["tcp/22", "icmp"] },
    { from: ["c1"], to: ["0.0.0.0/0"], ports: ["udp/53", "tcp/80", "tcp/443", "tcp/60-90"] },
  ],
};

test("renderFiles() gives nft one table with a set for each list, however many rules use it", () => {
  expect(rulesOf(gatewayOf(DOCUMENT))).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    table inet warren-wg0
    delete table inet warren-wg0
    table inet warren-wg0 {
    	set list1 {
    		type ipv4_addr; flags interval;
    		elements = { 10.0.0.2/32, 10.0.0.100/32, 10.0.0.110/32 }
    	}
    	set list2 {
    		type ipv4_addr; flags interval;
    		elements = { 10.0.0.1/32, 10.0.0.110/32, 192.168.0.0/16 }
    	}
    	set list3 {
    		type ipv6_addr; flags interval;
    		elements = { fd00::2/128, fd00::100/128, fd00::110/128 }
    	}
    	set list4 {
    		type ipv6_addr; flags interval;
    		elements = { fd00::1/128, fd00::110/128 }
    	}
    	set list5 {
    		type ipv4_addr; flags interval;
    		elements = { 10.0.0.100/32, 10.0.0.110/32 }
    	}
    	set list6 {
    		type ipv6_addr; flags interval;
    		elements = { fd00::100/128, fd00::110/128 }
    	}
    	set list7 {
    		type ipv4_addr; flags interval;
    		elements = { 100.100.100.200/32, 168.63.129.16/32, 169.254.0.0/16 }
    	}
    	set list8 {
    		type ipv6_addr; flags interval;
    		elements = { fd00:ec2::254/128, fe80::/10 }
    	}
    	set list9 {
    		type ipv4_addr; flags interval;
    		elements = { 10.0.0.2/32, 10.0.0.110/32, 192.168.1.0/24 }
    	}
    	chain c1 {
    		ip daddr 192.168.0.0/23 return
    		drop
    	}
    	chain allow {
    		ip saddr @list1 ip daddr @list2 meta l4proto icmp accept
    		ip saddr @list1 ip daddr @list2 tcp dport 22 accept
    		ip6 saddr @list3 ip6 daddr @list4 meta l4proto ipv6-icmp accept
    		ip6 saddr @list3 ip6 daddr @list4 tcp dport 22 accept
    		ip saddr 10.0.0.110/32 tcp dport { 60-90, 443 } accept
    		ip saddr 10.0.0.110/32 udp dport 53 accept
    		drop
    	}
    	chain back {
    		ip daddr @list5 goto allow
    		ip6 daddr @list6 goto allow
    		accept
    	}
    	chain input {
    		type filter hook input priority filter; policy accept;
    		iifname != "wg0" accept
    		ct state established,related accept
    		ip saddr 10.0.0.100/32 jump c1
    		ip6 saddr fd00::100/128 jump c1
    		goto allow
    	}
    	chain forward {
    		type filter hook forward priority filter; policy accept;
    		oifname "wg0" tcp flags syn tcp option maxseg size set rt mtu
    		iifname != "wg0" accept
    		ct state established,related accept
    		ip saddr 10.0.0.100/32 jump c1
    		ip6 saddr fd00::100/128 jump c1
    		oifname "wg0" goto back
    		ip daddr 192.168.0.0/24 goto allow
    		ip daddr @list7 drop
    		ip6 daddr @list8 drop
    		ip saddr @list9 goto allow
    		drop
    	}
    	chain postrouting {
    		type nat hook postrouting priority srcnat; policy accept;
    		iifname "wg0" oifname != "wg0" ip daddr 192.168.0.0/24 masquerade
    		iifname "wg0" oifname != "wg0" ip daddr 192.168.0.0/24 return
    		iifname "wg0" oifname != "wg0" ip daddr 0.0.0.0/0 masquerade
    	}
    }
    "
  `);
});

test("renderFiles() gives iptables chains of our own", () => {
  const network = { ...DOCUMENT.network, firewall: "iptables" };
  const text = rulesOf(gatewayOf({ ...DOCUMENT, network }));
  expect(text.slice(0, text.indexOf("# Once"))).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    rules4() {
    	cat <<'END'
    *filter
    :warren-wg0-c1 - [0:0]
    :warren-wg0-allow - [0:0]
    :warren-wg0-back - [0:0]
    :warren-wg0-input - [0:0]
    :warren-wg0-fwd - [0:0]
    -A warren-wg0-c1 -d 192.168.0.0/23 -j RETURN
    -A warren-wg0-c1 -j DROP
    -A warren-wg0-allow -s 10.0.0.2/32 -d 10.0.0.1/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.2/32 -d 10.0.0.1/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.2/32 -d 10.0.0.110/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.2/32 -d 10.0.0.110/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.2/32 -d 192.168.0.0/16 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.2/32 -d 192.168.0.0/16 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 10.0.0.1/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 10.0.0.1/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 10.0.0.110/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 10.0.0.110/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 192.168.0.0/16 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.100/32 -d 192.168.0.0/16 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 10.0.0.1/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 10.0.0.1/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 10.0.0.110/32 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 10.0.0.110/32 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 192.168.0.0/16 -p icmp -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 192.168.0.0/16 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 0.0.0.0/0 -p tcp --dport 60:90 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 0.0.0.0/0 -p tcp --dport 443 -j RETURN
    -A warren-wg0-allow -s 10.0.0.110/32 -d 0.0.0.0/0 -p udp --dport 53 -j RETURN
    -A warren-wg0-allow -j DROP
    -A warren-wg0-back -d 10.0.0.100/32 -g warren-wg0-allow
    -A warren-wg0-back -d 10.0.0.110/32 -g warren-wg0-allow
    -A warren-wg0-back -j RETURN
    -A warren-wg0-input ! -i wg0 -j RETURN
    -A warren-wg0-input -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
    -A warren-wg0-input -s 10.0.0.100/32 -j warren-wg0-c1
    -A warren-wg0-input -g warren-wg0-allow
    -A warren-wg0-fwd -o wg0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
    -A warren-wg0-fwd ! -i wg0 -j RETURN
    -A warren-wg0-fwd -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
    -A warren-wg0-fwd -s 10.0.0.100/32 -j warren-wg0-c1
    -A warren-wg0-fwd -o wg0 -g warren-wg0-back
    -A warren-wg0-fwd -d 192.168.0.0/24 -g warren-wg0-allow
    -A warren-wg0-fwd -d 100.100.100.200/32 -j DROP
    -A warren-wg0-fwd -d 168.63.129.16/32 -j DROP
    -A warren-wg0-fwd -d 169.254.0.0/16 -j DROP
    -A warren-wg0-fwd -s 10.0.0.2/32 -g warren-wg0-allow
    -A warren-wg0-fwd -s 10.0.0.110/32 -g warren-wg0-allow
    -A warren-wg0-fwd -s 192.168.1.0/24 -g warren-wg0-allow
    -A warren-wg0-fwd -j DROP
    COMMIT
    *nat
    :warren-wg0-nat - [0:0]
    -A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 192.168.0.0/24 -j MASQUERADE
    -A warren-wg0-nat -s 192.168.1.0/24 ! -o wg0 -d 192.168.0.0/24 -j MASQUERADE
    -A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 192.168.0.0/24 -j RETURN
    -A warren-wg0-nat -s 192.168.1.0/24 ! -o wg0 -d 192.168.0.0/24 -j RETURN
    -A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 0.0.0.0/0 -j MASQUERADE
    -A warren-wg0-nat -s 192.168.1.0/24 ! -o wg0 -d 0.0.0.0/0 -j MASQUERADE
    COMMIT
    END
    }
    has_nat4=yes
    rules6() {
    	cat <<'END'
    *filter
    :warren-wg0-c1 - [0:0]
    :warren-wg0-allow - [0:0]
    :warren-wg0-back - [0:0]
    :warren-wg0-input - [0:0]
    :warren-wg0-fwd - [0:0]
    -A warren-wg0-c1 -j DROP
    -A warren-wg0-allow -s fd00::2/128 -d fd00::1/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::2/128 -d fd00::1/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s fd00::2/128 -d fd00::110/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::2/128 -d fd00::110/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s fd00::100/128 -d fd00::1/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::100/128 -d fd00::1/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s fd00::100/128 -d fd00::110/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::100/128 -d fd00::110/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s fd00::110/128 -d fd00::1/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::110/128 -d fd00::1/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -s fd00::110/128 -d fd00::110/128 -p ipv6-icmp -j RETURN
    -A warren-wg0-allow -s fd00::110/128 -d fd00::110/128 -p tcp --dport 22 -j RETURN
    -A warren-wg0-allow -j DROP
    -A warren-wg0-back -d fd00::100/128 -g warren-wg0-allow
    -A warren-wg0-back -d fd00::110/128 -g warren-wg0-allow
    -A warren-wg0-back -j RETURN
    -A warren-wg0-input ! -i wg0 -j RETURN
    -A warren-wg0-input -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
    -A warren-wg0-input -s fd00::100/128 -j warren-wg0-c1
    -A warren-wg0-input -g warren-wg0-allow
    -A warren-wg0-fwd -o wg0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
    -A warren-wg0-fwd ! -i wg0 -j RETURN
    -A warren-wg0-fwd -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
    -A warren-wg0-fwd -s fd00::100/128 -j warren-wg0-c1
    -A warren-wg0-fwd -o wg0 -g warren-wg0-back
    -A warren-wg0-fwd -d fd00:ec2::254/128 -j DROP
    -A warren-wg0-fwd -d fe80::/10 -j DROP
    -A warren-wg0-fwd -j DROP
    COMMIT
    END
    }
    has_nat6=

    "
  `);
});

test.each([
  ["nftables", "PostUp = nft -f /etc/wireguard/%i.nft", "delete table inet warren-wg0'"],
  ["iptables", "PostUp = sh /etc/wireguard/%i.iptables up", "%i.iptables down"],
])(
  "renderFiles() has %s load and remove the rules, and forwards both families",
  (firewall, up, down) => {
    const network = { ...DOCUMENT.network, firewall };
    const [conf] = filesOf(gatewayOf({ ...DOCUMENT, network }));
    // Rules come first: nothing is passed on before they hold.
    expect(conf?.text).toContain(`
${up}
PostUp = echo 1 > /proc/sys/net/ipv4/ip_forward
PostUp = for ra in /proc/sys/net/ipv6/conf/*/accept_ra; do read -r old < $ra; [ $old != 1 ] || echo 2 > $ra; done
PostUp = echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
`);
    expect(conf?.text).toContain(down);
  },
);

test("renderFiles() has a relay forward both families, and drop nothing between its peers", () => {
  const [n0, n1] = [DOCUMENT.nodes["n0"], DOCUMENT.nodes["n1"]];
  if (n0 === undefined || n1 === undefined) throw new Error("no nodes");
  const { policy: _, ...open } = DOCUMENT;
  const { exit: __, ...stays } = n1;
  const nodes = { n0: { ...n0, subnets: [] }, n1: { ...stays, subnets: [] } };
  const device = gatewayOf({ ...open, nodes, clients: {} });
  expect(filesOf(device)[0]?.text).toContain("ipv6/conf/all/forwarding\n");
  expect(rulesOf(device)).toContain("chain back {\n\t\taccept\n\t}");
});

test("renderFiles() masquerades beside an exit only what says so", () => {
  const rules = (firewall: string): readonly string[] => {
    const { devices } = sampleOf(`
      network: { name: n, addresses: [10.0.0.0/24], interface: wg0, firewall: ${firewall} }
      nodes:
        a:
          endpoint: a.example
          subnets:
            - 0.0.0.0/0
            - { prefix: 192.168.1.0/24, masquerade: false }
            - { prefix: 192.168.2.0/24, interface: eth2 }
        b: {}
    `);
    const text = devices.slice(0, 1).flatMap(filesOf).at(-1)?.text ?? "";
    return text.match(/^.*( masquerade| MASQUERADE|\d return|-nat .*-j RETURN)$/gm) ?? [];
  };
  expect([...rules("nftables"), ...rules("iptables")]).toMatchInlineSnapshot(`
    [
      "		iifname "wg0" oifname != "wg0" ip daddr 192.168.1.0/24 return",
      "		iifname "wg0" oifname "eth2" ip daddr 192.168.2.0/24 masquerade",
      "		iifname "wg0" oifname != "wg0" ip daddr 192.168.2.0/24 return",
      "		iifname "wg0" oifname != "wg0" ip daddr 0.0.0.0/0 masquerade",
      "-A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 192.168.1.0/24 -j RETURN",
      "-A warren-wg0-nat -s 10.0.0.0/24 -o eth2 -d 192.168.2.0/24 -j MASQUERADE",
      "-A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 192.168.2.0/24 -j RETURN",
      "-A warren-wg0-nat -s 10.0.0.0/24 ! -o wg0 -d 0.0.0.0/0 -j MASQUERADE",
    ]
  `);
});

test("renderFiles() leaves rules to the user where the firewall is off", () => {
  const network = { ...DOCUMENT.network, firewall: "off" };
  const files = filesOf(gatewayOf({ ...DOCUMENT, network }));
  expect(files.map(({ name }) => name)).toEqual(["wg0.conf"]);
});

test("renderFiles() gives no rules to a node that neither forwards nor filters", () => {
  const { devices } = sampleOf(`
    network: { name: n, addresses: [10.0.0.0/24] }
    nodes: { a: { endpoint: a.example }, b: {} }
  `);
  expect(devices.flatMap((device) => filesOf(device).map(({ name }) => name))).toEqual([
    "warren0.conf",
    "warren0.conf",
  ]);
});

test("mergePorts() gives the same ports, sorted and disjoint", () => {
  const port = fc.record({
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    first: fc.integer({ min: 1, max: 20 }),
    count: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(port), (drawn) => {
      const ports = drawn.map(({ count, ...range }) => ({ ...range, last: range.first + count }));
      const merged = mergePorts(ports);
      for (const protocol of ["tcp", "udp"]) {
        for (let number = 0; number < 30; number += 1) {
          const holders = (ranges: typeof ports): number =>
            ranges.filter(
              (each) => each.protocol === protocol && each.first <= number && number <= each.last,
            ).length;
          expect(holders([...merged] as typeof ports)).toBe(Math.min(1, holders(ports)));
        }
      }
    }),
    runs(300),
  );
});

test("nft takes the rules of every device without a word", (ctx) => {
  const trial = nft("");
  if (trial !== "") ctx.skip(`needs nft (Debian package nftables) and root: ${trial}`);
  fc.assert(
    fc.property(policyDocuments(), (document) => {
      const text = [...compile(indexOfPolicy(document).index)].map(rulesOf).join("");
      expect(nft(text)).toBe("");
    }),
    runs(10, 60),
  );
});

/** What nft says when it checks a file, and loads nothing. */
function nft(text: string): string {
  const { error, stderr, stdout } = spawnSync("nft", ["-c", "-f", "-"], {
    input: `list tables\n${text}`,
    encoding: "utf8",
    env: { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" },
  });
  return error === undefined ? `${stderr}${stdout}`.replaceAll(/^table .*\n/gm, "") : error.message;
}

function gatewayOf(document: PolicyDocument): Device {
  const [first] = compile(indexOfPolicy(document).index);
  if (first === undefined) throw new Error("no device");
  return first;
}

function rulesOf(device: Device): string {
  return filesOf(device)[1]?.text ?? "";
}

function filesOf(device: Device): readonly { readonly name: string; readonly text: string }[] {
  const files = renderFiles(device, sampleSecrets, new Printed(), "wg-quick");
  return files.map(({ name, text }) => ({ name, text: text.join("") }));
}
