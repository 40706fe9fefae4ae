/** The network under each page of the guide: who stands where, as the page tells it. */
import { WARREN } from "./control-machines.ts";
import type { DrawnSystem } from "./systems.ts";
import type { DrawnHost } from "./underlay.ts";

type Hosts = Readonly<Record<string, DrawnSystem>>;

/** The cloud does not look at the source of what leaves the host here, as the page asks of it. */
const UNCHECKED = { rules: ["accept"] };

/** The hosts of each page, by the names that ssh knows. */
export function guideDrawings(): Readonly<Record<string, Hosts>> {
  return {
    "control-plane.md": controlPlane(),
    "four-clouds.md": fourClouds(),
    "from-hand-written-files.md": inOneNetwork("a", "b", "c"),
    "from-wg-gen-web.md": inOneNetwork("server", "phone"),
    "from-wg-meshconf.md": inOneNetwork("aws", "gcp", "office"),
    "mixed-devices.md": mixedDevices(),
    "regions.md": regions(),
    "servers-from-a-bastion.md": servers(),
    "two-hosts.md": {
      a: { ports: { lan: { addresses: ["172.17.3.2/24"] } } },
      b: { ports: { lan: { addresses: ["172.17.3.1/24"] } } },
      c: { ports: { lan: { addresses: ["172.17.3.3/24"] } } },
    },
  };
}

/** Machines with warren; two that may serve, four that join, and one behind the first of them. */
function controlPlane(): Hosts {
  const names = "203.0.113.10 vpn.example.com";
  const prepare = [...(WARREN.prepare ?? []), `echo ${names} >>/etc/hosts`];
  const at = (address: number): DrawnSystem => ({
    ports: { internet: { addresses: [`203.0.113.${address}/24`] } },
    system: { ...WARREN, prepare },
  });
  const aws = at(11);
  const behind = { private: { addresses: ["192.168.10.1/24"], ...UNCHECKED } };
  return {
    srv: at(10),
    srv2: at(20),
    aws: { ...aws, ports: { ...aws.ports, ...behind } },
    azure: at(12),
    gcp: at(13),
    aliyun: at(14),
    machine: {
      ports: { private: { addresses: ["192.168.10.10/24"] } },
      routes: ["default via 192.168.10.1"],
    },
    desk: {
      ports: { internet: { addresses: ["203.0.113.100/24"] } },
      files: { "/etc/hosts": `${names}\n` },
    },
  };
}

/** With the addresses 198.51.100.1, .2 …, the first also in a private network, and called vpn.example.com. */
function inOneNetwork(...names: readonly string[]): Hosts {
  const files = { "/etc/hosts": "198.51.100.1 vpn.example.com\n" };
  const behind = { private: { addresses: ["192.168.10.1/24"] } };
  const hosts = names.map((name, at): [string, DrawnHost] => {
    const internet = { addresses: [`198.51.100.${at + 1}/24`] };
    return [name, { ports: { internet, ...(at === 0 ? behind : {}) }, files }];
  });
  return Object.fromEntries(hosts);
}

/** A host in the internet for each cloud, and a machine in its private network. */
function fourClouds(): Hosts {
  const clouds = ["aws", "azure", "gcp", "aliyun"];
  const names = clouds.map((name, at) => `203.0.113.${at + 11} ${name}.com\n`).join("");
  const hosts = clouds.flatMap((name, at): [string, DrawnHost][] => {
    const subnet = `192.168.${(at + 1) * 10}`;
    const own = { addresses: [`203.0.113.${at + 11}/24`] };
    const host = { internet: own, [name]: { addresses: [`${subnet}.1/24`], ...UNCHECKED } };
    const machine = { [name]: { addresses: [`${subnet}.10/24`] } };
    return [
      [name, { ports: host, files: { "/etc/hosts": names } }],
      [`behind-${name}`, { ports: machine, routes: [`default via ${subnet}.1`] }],
    ];
  });
  return Object.fromEntries(hosts);
}

/** A cloud in the internet; an office and a home behind NATs, of which the home's is the router itself. */
function mixedDevices(): Hosts {
  const disguise =
    "table ip nat { chain out { type nat hook postrouting priority srcnat; oifname internet masquerade; }; }";
  return {
    cloud: { ports: { internet: { addresses: ["203.0.113.40/24"] } } },
    office: {
      ports: { desks: { addresses: ["192.168.5.20/24"] } },
      routes: ["default via 192.168.5.1"],
    },
    exit: {
      ports: {
        desks: { addresses: ["192.168.5.1/24"] },
        internet: { addresses: ["203.0.113.50/24"] },
      },
      router: disguise,
    },
    openwrt: {
      ports: {
        "br-lan": { addresses: ["192.168.8.1/24"] },
        internet: { addresses: ["203.0.113.60/24"] },
      },
      router: disguise,
    },
    macbook: atHome("192.168.8.20"),
    printer: atHome("192.168.8.30"),
  };
}

function atHome(address: string): DrawnHost {
  const ports = { "br-lan": { addresses: [`${address}/24`] } };
  return { ports, routes: ["default via 192.168.8.1"] };
}

/** Two private networks, of which the gateways alone have a port in the internet. */
function regions(): Hosts {
  const shanghai = { addresses: ["172.16.128.1/24"] };
  return {
    n1: { ports: { ...inNanjing(1), internet: { addresses: ["203.0.113.10/24"] } } },
    n2: { ports: inNanjing(2) },
    n3: { ports: inNanjing(3) },
    n4: { ports: inNanjing(4) },
    s1: { ports: { shanghai, internet: { addresses: ["203.0.113.20/24"] } } },
  };
}

function inNanjing(n: number): DrawnHost["ports"] {
  return { nanjing: { addresses: [`172.16.0.${n}/24`] } };
}

/** A machine in the internet for each region, which ssh reaches, and a database in its VPC, which it reaches, too. */
function servers(): Hosts {
  const publics = { beijing: "198.51.100.10", ningxia: "198.51.100.20", shanghai: "203.0.113.30" };
  const routes = ["198.51.100.0/24 dev internet", "203.0.113.0/24 dev internet"];
  const hosts = Object.entries(publics).flatMap(([name, address], at): [string, DrawnSystem][] => {
    const vpc = `10.${at + 1}`;
    const own = { internet: { addresses: [`${address}/32`] } };
    const inside = { [name]: { addresses: [`${vpc}.1.10/16`], ...UNCHECKED } };
    const database = { [name]: { addresses: [`${vpc}.20.5/16`] } };
    const behind = {
      ports: database,
      routes: [`default via ${vpc}.1.10`],
      system: { init: "sshd" as const },
    };
    return [
      [name, { ports: { ...own, ...inside }, routes, system: {} }],
      [`database-${name}`, behind],
    ];
  });
  const desk = { ports: { internet: { addresses: ["198.51.100.200/32"] } }, routes };
  return { ...Object.fromEntries(hosts), desk };
}
