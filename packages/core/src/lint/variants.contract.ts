/** What people write otherwise, often near to a mistake, and what is right all the same. */
import {
  CLOUDS,
  DUAL,
  EXIT,
  folderOf,
  GATEWAYS,
  REGIONS,
  SPOKES,
  TWO_HOSTS,
} from "./folders.contract.ts";
import { block, editBlock } from "./planting.contract.ts";
import type { Change } from "./planting.contract.ts";

export const VARIANTS: readonly Change[] = [
  {
    what: "the mesh's range on both of two hosts",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "10.0.0.2/32", "10.0.0.0/24"],
      ["b.conf", "10.0.0.1/32", "10.0.0.0/24"],
    ],
  },
  {
    what: "two hosts without a preshared key",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "PresharedKey = preshared a b\n", ""],
      ["b.conf", "PresharedKey = preshared a b\n", ""],
    ],
  },
  {
    what: "two hosts that dial each other, and need no keepalive",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "PersistentKeepalive = 25\n", "PersistentKeepalive = off\n"],
      ["a.conf", "Address = 10.0.0.1/24\n", "Address = 10.0.0.1/24\nListenPort = 51821\n"],
      [
        "b.conf",
        "AllowedIPs = 10.0.0.1/32\n",
        "AllowedIPs = 10.0.0.1/32\nEndpoint = a.example.com:51821\n",
      ],
    ],
  },
  {
    what: "addresses without the mesh's mask on all",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "10.0.0.1/24", "10.0.0.1/32"],
      ["b.conf", "10.0.0.2/24", "10.0.0.2/32"],
    ],
  },
  {
    what: "a network behind one of two hosts, that dials out",
    folder: TWO_HOSTS,
    edits: [
      [
        "a.conf",
        "Address = 10.0.0.1/24\n",
        "Address = 10.0.0.1/24\nPostUp = sysctl -w net.ipv4.conf.all.forwarding=1\n",
      ],
      ["b.conf", "10.0.0.1/32", "10.0.0.1/32, 192.168.1.0/24"],
    ],
  },
  {
    what: "one prefix inside another, where its packets arrive",
    folder: CLOUDS,
    edits: ["aws", "gcp", "aliyun"].map((name) =>
      editBlock(CLOUDS, [`${name}.conf`, "azure"], ["192.168.20.0/24", "192.168.0.0/16"]),
    ),
  },
  {
    what: "a subnet that one of four does not want",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], [", 192.168.30.0/24", ""])],
  },
  {
    what: "an endpoint inside AllowedIPs with a route of its own",
    folder: REGIONS,
    edits: [
      [
        "n2.conf",
        "ListenPort = 51820\n",
        "ListenPort = 51820\nPostUp = ip route add 172.16.0.1 dev eth0; ip route add 172.16.0.3 dev eth0\n",
      ],
      editBlock(REGIONS, ["n2.conf", "n1"], ["172.24.0.0/13", "172.24.0.0/13, 172.16.0.0/24"]),
    ],
  },
  {
    what: "an endpoint inside AllowedIPs without routes",
    folder: GATEWAYS,
    edits: [
      ["n1.conf", "ListenPort = 51820\n", "ListenPort = 51820\nTable = off\n"],
      ["n1.conf", "172.16.128.0/24", "172.16.128.0/24, 203.0.113.0/24"],
    ],
  },
  {
    what: "a site's private network sent to its gateway by another",
    folder: GATEWAYS,
    edits: [["s1.conf", "172.16.0.0/24", "172.16.0.0/17"]],
  },
  {
    what: "a laptop that is to reach a network, and not the hub",
    folder: SPOKES,
    edits: [["laptop.conf", "10.8.0.0/24, 192.168.0.0/16", "192.168.4.0/24"]],
  },
  {
    what: "the same laptop without the mesh's mask",
    folder: SPOKES,
    edits: [
      ["laptop.conf", "10.8.0.0/24, 192.168.0.0/16", "192.168.4.0/24"],
      ["laptop.conf", "10.8.0.2/24", "10.8.0.2/32"],
    ],
  },
  {
    what: "a node that is to reach the other region's network alone",
    folder: REGIONS,
    edits: [["s2.conf", "10.66.128.1/32, 10.66.0.0/24, 172.16.0.0/17", "172.16.0.0/17"]],
  },
  {
    what: "an exit for one family, and nothing of the other let past it",
    folder: EXIT,
    edits: [
      ["exit.conf", " net.ipv6.conf.all.forwarding=1", ""],
      ["phone.conf", "10.9.0.2/32, fd09::2/128", "10.9.0.2/32"],
    ],
  },
  {
    what: "an exit for what is not nearer",
    folder: folderOf(`== a.conf
[Interface]
PrivateKey = private a
Address = 10.9.0.2/24
ListenPort = 51820

[Peer]
# e
PublicKey = public e
AllowedIPs = 0.0.0.0/0
Endpoint = e.example.com:51820

[Peer]
# b
PublicKey = public b
AllowedIPs = 10.9.0.3/32
Endpoint = b.example.com:51820
== b.conf
[Interface]
PrivateKey = private b
Address = 10.9.0.3/24
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
# a
PublicKey = public a
AllowedIPs = 10.9.0.2/32
Endpoint = a.example.com:51820

[Peer]
# c
PublicKey = public c
AllowedIPs = 10.9.0.4/32
Endpoint = c.example.com:51820

[Peer]
# e
PublicKey = public e
AllowedIPs = 10.9.0.1/32
Endpoint = e.example.com:51820
== c.conf
[Interface]
PrivateKey = private c
Address = 10.9.0.4/24
ListenPort = 51820

[Peer]
# b
PublicKey = public b
AllowedIPs = 10.9.0.1/32, 10.9.0.3/32
Endpoint = b.example.com:51820
== e.conf
[Interface]
PrivateKey = private e
Address = 10.9.0.1/24
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
# a
PublicKey = public a
AllowedIPs = 10.9.0.2/32
Endpoint = a.example.com:51820

[Peer]
# b
PublicKey = public b
AllowedIPs = 10.9.0.3/32, 10.9.0.4/32
Endpoint = b.example.com:51820
`),
    edits: [],
  },
  {
    what: "a spoke that is to reach the hub alone",
    folder: SPOKES,
    edits: [["nas.conf", "10.8.0.0/24, 192.168.0.0/16", "10.8.0.1/32"]],
  },
  {
    what: "a spoke without the mesh's mask, whose AllowedIPs hold the mesh",
    folder: SPOKES,
    edits: [["laptop.conf", "10.8.0.2/24", "10.8.0.2/32"]],
  },
  {
    what: "a spoke that sends everything to the hub, its forwarding set in another way",
    folder: SPOKES,
    edits: [
      ["laptop.conf", "10.8.0.0/24, 192.168.0.0/16", "0.0.0.0/0"],
      ["hub.conf", "sysctl -w net.ipv4.ip_forward=1", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
    ],
  },
  {
    what: "two halves of the internet, and an endpoint by name",
    folder: EXIT,
    edits: [
      ["phone.conf", "0.0.0.0/0, ::/0", "0.0.0.0/1, 128.0.0.0/1, ::/1, 8000::/1"],
      ["phone.conf", "198.51.100.1:51820", "exit.example.com:51820"],
    ],
  },
  {
    what: "an exit for one family",
    folder: EXIT,
    edits: [
      ["exit.conf", " net.ipv6.conf.all.forwarding=1", ""],
      ["phone.conf", "0.0.0.0/0, ::/0", "0.0.0.0/0, fd09::/64"],
    ],
  },
  {
    what: "a spoke whose own file is somewhere else",
    folder: new Map([...SPOKES].filter(([file]) => file !== "nas.conf")),
    edits: [],
  },
  {
    what: "a hub whose file is somewhere else",
    folder: new Map([...SPOKES].filter(([file]) => file !== "hub.conf")),
    edits: [],
  },
  {
    what: "a private key in a file of its own, known by what the others list",
    folder: CLOUDS,
    edits: [
      ["gcp.conf", "PrivateKey = private gcp\n", ""],
      [
        "gcp.conf",
        "MTU = 1420\n",
        "MTU = 1420\nPostUp = wg set %i private-key /etc/wireguard/gcp.key\n",
      ],
    ],
  },
  {
    what: "an MTU that only some files have",
    folder: CLOUDS,
    edits: [["gcp.conf", "MTU = 1420\n", ""]],
  },
  {
    what: "one tunnel less in a mesh",
    folder: DUAL,
    edits: [
      ["a.conf", `[Peer]\n${block("c", DUAL, "a.conf")}`, ""],
      ["c.conf", `[Peer]\n${block("a", DUAL, "c.conf")}`, ""],
    ],
  },
  {
    what: "a direct tunnel between two spokes of a hub",
    folder: SPOKES,
    edits: [
      [
        "laptop.conf",
        "Keepalive = 25\n",
        "Keepalive = 25\n\n[Peer]\nPublicKey = public nas\nAllowedIPs = 10.8.0.3/32\nEndpoint = 192.168.1.3:51820\nPersistentKeepalive = 25\n",
      ],
      [
        "nas.conf",
        "Keepalive = 25\n",
        "Keepalive = 25\n\n[Peer]\nPublicKey = public laptop\nAllowedIPs = 10.8.0.2/32\n",
      ],
      ["nas.conf", "Address", "ListenPort = 51820\nAddress"],
      ["laptop.conf", "10.8.0.0/24, 192.168.0.0/16", "10.8.0.0/24, 192.168.4.0/24"],
    ],
  },
  {
    what: "one port inside and a forwarded one outside, of two hosts",
    folder: SPOKES,
    edits: [["nas.conf", "198.51.100.1:51820", "172.20.1.1:40000"]],
  },
  {
    what: "a forwarded port that all dial",
    folder: SPOKES,
    edits: ["laptop", "nas", "router"].map((name) => [
      `${name}.conf`,
      "198.51.100.1:51820",
      "198.51.100.1:40000",
    ]),
  },
  {
    what: "a name in capitals at the same port",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["azure.conf", "gcp"], ["gcp.example.com", "GCP.Example.com"])],
  },
  {
    what: "one who dials a name, and one who dials its address, at ports of their own",
    folder: SPOKES,
    edits: [
      ["nas.conf", "198.51.100.1:51820", "hub.example.com:443"],
      ["router.conf", "198.51.100.1:51820", "[2001:db8::1]:51820"],
    ],
  },
  {
    what: "comments, capitals and blanks as wg takes them",
    folder: folderOf(`== a.conf
# the only one
[interface]   # mine
privatekey=private a
ADDRESS = 10.0.0.1/24 , 10.0.0.3/24
listenport = 51820

[PEER]
publickey=public x
allowedips = 10.0.0.2 , 192.168.5.0/24
`),
    edits: [],
  },
];
