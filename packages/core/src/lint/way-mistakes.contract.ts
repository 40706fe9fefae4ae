/** Mistakes about ranges, ways and ends of tunnels to plant, and what must be found of each: checks 1 to 10. */
import { CLOUDS, DUAL, EXIT, GATEWAYS, REGIONS, SPOKES, TWO_HOSTS } from "./folders.contract.ts";
import { block, editBlock } from "./planting.contract.ts";
import type { Mistake } from "./planting.contract.ts";

export const WAY_MISTAKES: readonly Mistake[] = [
  {
    what: "1: one prefix on two peers",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["192.168.30.0/24", "192.168.20.0/24"])],
    found: ["aws.conf:19 error prefix-on-two-peers against aws.conf:12"],
  },
  {
    what: "1: the mask of the mesh on all peers",
    folder: DUAL,
    edits: ["a", "b"].map((peer) =>
      editBlock(DUAL, ["c.conf", peer], [/10\.0\.0\.\d\/32/, "10.0.0.0/24"]),
    ),
    found: ["c.conf:18 error prefix-on-two-peers against c.conf:11"],
  },
  {
    what: "2: the own address among AllowedIPs",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["azure.conf", "aws"], ["10.0.0.1/32", "10.0.0.1/32, 10.0.0.2/32"])],
    found: ["azure.conf:12 error own-prefix-on-peer against azure.conf:3"],
  },
  {
    what: "2: the own range in the place of the other's",
    folder: GATEWAYS,
    edits: [["s1.conf", "172.16.0.0/24", "172.16.128.0/24"]],
    found: ["s1.conf:9 error own-prefix-on-peer against s1.conf:3"],
  },
  {
    what: "2: the own block in the place of the other's",
    folder: new Map([...REGIONS].filter(([file]) => file !== "s2.conf")),
    edits: [["s1.conf", "10.66.0.0/24", "10.66.128.0/24"]],
    found: ["s1.conf:10 error own-prefix-on-peer against s1.conf:3"],
  },
  {
    what: "2: the own subnet among AllowedIPs",
    folder: CLOUDS,
    edits: [
      editBlock(
        CLOUDS,
        ["gcp.conf", "azure"],
        ["192.168.20.0/24", "192.168.20.0/24, 192.168.30.0/24"],
      ),
    ],
    found: ["gcp.conf:19 error own-prefix-on-peer against aws.conf:19"],
  },
  {
    what: "3: an endpoint inside AllowedIPs",
    folder: REGIONS,
    edits: [
      editBlock(REGIONS, ["n2.conf", "n1"], ["172.24.0.0/13", "172.24.0.0/13, 172.16.0.0/24"]),
    ],
    found: ["n2.conf:12 error endpoint-captured against n2.conf:13"],
  },
  {
    what: "3: an endpoint inside the tunnel's own range",
    folder: TWO_HOSTS,
    edits: [["a.conf", "172.17.3.1:51820", "10.0.0.9:51820"]],
    found: ["a.conf:10 error endpoint-captured against a.conf:3"],
  },
  {
    what: "4: a neighbour's address misspelt",
    folder: TWO_HOSTS,
    edits: [["b.conf", "10.0.0.1/32", "10.0.0.11/32"]],
    found: ["b.conf:10 error path-one-way against a.conf:9"],
  },
  {
    what: "4: a neighbour's address on another peer",
    folder: DUAL,
    edits: [
      editBlock(DUAL, ["a.conf", "b"], ["10.0.0.2/32, ", ""]),
      editBlock(DUAL, ["a.conf", "c"], ["10.0.0.3/32", "10.0.0.3/32, 10.0.0.2/32"]),
    ],
    found: ["a.conf:11 error path-one-way against b.conf:11"],
  },
  {
    what: "4: those behind a gateway are not known at the other end",
    folder: REGIONS,
    edits: [["s1.conf", "10.66.0.0/24", "10.66.0.1/32"]],
    found: ["s1.conf:10 warning path-one-way against n1.conf:22"],
  },
  {
    what: "4: a range misspelt at a gateway",
    folder: REGIONS,
    edits: [["s1.conf", "10.66.0.0/24", "10.67.0.0/24"]],
    found: ["s1.conf:10 error path-one-way against n1.conf:22"],
  },
  {
    what: "4: a gateway's address on a neighbour",
    folder: REGIONS,
    edits: [["s1.conf", "10.66.128.2/32", "10.66.128.2/32, 10.66.0.1/32"]],
    found: ["s1.conf:10 error path-one-way against n1.conf:22"],
  },
  {
    what: "4: an address sent by way of one who does not carry",
    folder: REGIONS,
    edits: [
      editBlock(REGIONS, ["n2.conf", "n3"], ["10.66.0.3/32", "10.66.0.3/32, 10.66.128.1/32"]),
    ],
    found: ["n2.conf:18 error path-one-way against n1.conf:10"],
  },
  {
    what: "4: a gateway does not know all that is behind the other",
    folder: REGIONS,
    edits: [["n1.conf", "10.66.128.0/24", "10.66.128.1/32"]],
    found: ["n1.conf:22 warning path-one-way against s1.conf:10"],
  },
  {
    what: "4: a spoke's address misspelt at the hub",
    folder: SPOKES,
    edits: [editBlock(SPOKES, ["hub.conf", "nas"], ["10.8.0.3/32", "10.8.0.33/32"])],
    found: ["hub.conf:18 error path-one-way against nas.conf:9"],
  },
  {
    what: "2: the range of the own site sent away",
    folder: REGIONS,
    edits: [["s1.conf", "10.66.0.0/24", "10.66.0.0/24, 172.16.128.0/24"]],
    found: ["s1.conf:10 error own-prefix-on-peer against n1.conf:22"],
  },
  {
    what: "5: an address sent back",
    folder: REGIONS,
    edits: [
      editBlock(REGIONS, ["n1.conf", "n2"], ["10.66.0.2/32", "10.66.0.2/32, 10.66.128.2/32"]),
    ],
    found: ["n1.conf:10 error path-loops against n2.conf:9"],
  },
  {
    what: "5: a range sent to and fro",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "10.0.0.2/32", "10.0.0.2/32, 192.168.1.0/24"],
      ["b.conf", "10.0.0.1/32", "10.0.0.1/32, 192.168.1.0/24"],
    ],
    found: ["a.conf:9 error path-loops against b.conf:10"],
  },
  {
    what: "5: a range sent round",
    folder: CLOUDS,
    edits: [
      editBlock(
        CLOUDS,
        ["aws.conf", "azure"],
        ["192.168.20.0/24", "192.168.20.0/24, 172.30.0.0/16"],
      ),
      editBlock(
        CLOUDS,
        ["azure.conf", "gcp"],
        ["192.168.30.0/24", "192.168.30.0/24, 172.30.0.0/16"],
      ),
      editBlock(CLOUDS, ["gcp.conf", "aws"], ["192.168.10.0/24", "192.168.10.0/24, 172.30.0.0/16"]),
    ],
    found: ["aws.conf:12 error path-loops against gcp.conf:12"],
  },
  {
    what: "6: no forwarding where a subnet is",
    folder: CLOUDS,
    edits: [["gcp.conf", "PostUp = sysctl -w net.ipv4.ip_forward=1\n", ""]],
    found: ["gcp.conf:1 warning forwarding-off against aws.conf:19"],
  },
  {
    what: "6: no forwarding on a hub",
    folder: SPOKES,
    edits: [["hub.conf", "PostUp = sysctl -w net.ipv4.ip_forward=1\n", ""]],
    found: ["hub.conf:1 warning forwarding-off against laptop.conf:9"],
  },
  {
    what: "6: no forwarding for one family",
    folder: EXIT,
    edits: [["exit.conf", " net.ipv6.conf.all.forwarding=1", ""]],
    found: ["exit.conf:1 warning forwarding-off against phone.conf:9"],
  },
  {
    what: "7: nobody can start",
    folder: TWO_HOSTS,
    edits: [["a.conf", "Endpoint = 172.17.3.1:51820\n", ""]],
    found: ["a.conf:5 error cannot-start against b.conf:6"],
  },
  {
    what: "7: nobody can start, and others know how",
    folder: CLOUDS,
    edits: [
      editBlock(CLOUDS, ["aws.conf", "gcp"], [/Endpoint.*\n/, ""]),
      editBlock(CLOUDS, ["gcp.conf", "aws"], [/Endpoint.*\n/, ""]),
    ],
    found: ["aws.conf:15 error cannot-start against gcp.conf:8"],
  },
  {
    what: "7: nobody can start, with two of three",
    folder: CLOUDS,
    edits: [
      editBlock(CLOUDS, ["azure.conf", "aws"], [/Endpoint.*\n/, ""]),
      editBlock(CLOUDS, ["gcp.conf", "aws"], [/Endpoint.*\n/, ""]),
      [
        "aws.conf",
        `${block("azure", CLOUDS, "aws.conf")}\n[Peer]\n${block("gcp", CLOUDS, "aws.conf")}`,
        `${block("azure", CLOUDS, "aws.conf")}\n[Peer]\n${block("gcp", CLOUDS, "aws.conf")}`.replaceAll(
          /Endpoint.*\n/g,
          "",
        ),
      ],
    ],
    found: [
      "aws.conf:8 error cannot-start against azure.conf:8",
      "aws.conf:14 error cannot-start against gcp.conf:8",
    ],
  },
  {
    what: "7: nobody can start, and one endpoint that is known lies in the tunnel",
    folder: DUAL,
    edits: [
      editBlock(
        DUAL,
        ["c.conf", "b"],
        ["Endpoint = 203.0.113.2:51820", "Endpoint = 10.0.0.2:51820"],
      ),
      editBlock(DUAL, ["a.conf", "b"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["b.conf", "a"], [/Endpoint.*\n/, ""]),
    ],
    found: [
      "b.conf:7 error cannot-start against a.conf:7",
      "c.conf:19 error endpoint-captured against c.conf:18",
    ],
  },
  {
    what: "7: nobody can start, and one endpoint that is known lies in the tunnel, its way unsure",
    folder: DUAL,
    edits: [
      editBlock(
        DUAL,
        ["c.conf", "b"],
        ["Endpoint = 203.0.113.2:51820", "Endpoint = 10.0.0.2:51820"],
      ),
      editBlock(DUAL, ["a.conf", "c"], ["10.0.0.3/32", "10.0.0.3/32, 10.0.0.2/32"]),
      editBlock(DUAL, ["a.conf", "b"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["b.conf", "a"], [/Endpoint.*\n/, ""]),
    ],
    found: [
      "a.conf:17 error prefix-on-two-peers against a.conf:11",
      "b.conf:7 error cannot-start against a.conf:7",
      "c.conf:19 error endpoint-captured against c.conf:18",
    ],
  },
  {
    what: "7: another port than the device listens on",
    folder: SPOKES,
    edits: [["nas.conf", "198.51.100.1:51820", "198.51.100.1:51821"]],
    found: ["nas.conf:10 warning port-differs against laptop.conf:10"],
  },
  {
    what: "7: another port than most dial, behind a forwarded one",
    folder: CLOUDS,
    edits: [
      ["gcp.conf", "ListenPort = 51820", "ListenPort = 40000"],
      editBlock(CLOUDS, ["aws.conf", "gcp"], ["gcp.example.com:51820", "GCP.example.com:51821"]),
    ],
    found: ["aws.conf:20 warning port-differs against azure.conf:20"],
  },
  {
    what: "7: another port than the device listens on, at most",
    folder: SPOKES,
    edits: [
      ["laptop.conf", "198.51.100.1:51820", "198.51.100.1:51821"],
      ["nas.conf", "198.51.100.1:51820", "198.51.100.1:51821"],
    ],
    found: [
      "laptop.conf:10 warning port-differs against router.conf:11",
      "nas.conf:10 warning port-differs against router.conf:11",
    ],
  },
  {
    what: "7: nobody can start, and one without routes dials what lies in the tunnel",
    folder: DUAL,
    edits: [
      ["c.conf", "MTU = 1400", "MTU = 1400\nTable = off"],
      editBlock(
        DUAL,
        ["c.conf", "b"],
        ["Endpoint = 203.0.113.2:51820", "Endpoint = 10.0.0.2:51820"],
      ),
      editBlock(DUAL, ["a.conf", "b"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["b.conf", "a"], [/Endpoint.*\n/, ""]),
    ],
    found: ["b.conf:7 error cannot-start against a.conf:7"],
  },
  {
    what: "7: no keepalive where nobody dials back",
    folder: SPOKES,
    edits: [["nas.conf", "PersistentKeepalive = 25\n", ""]],
    found: ["nas.conf:10 warning keepalive-missing against hub.conf:14"],
  },
  {
    what: "7: keepalive on the wrong side",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "PersistentKeepalive = 25\n", ""],
      [
        "b.conf",
        "AllowedIPs = 10.0.0.1/32\n",
        "AllowedIPs = 10.0.0.1/32\nPersistentKeepalive = 25\n",
      ],
    ],
    found: ["a.conf:10 warning keepalive-misplaced against b.conf:11"],
  },
  {
    what: "8: an address without the mesh's mask",
    folder: CLOUDS,
    edits: [["azure.conf", "10.0.0.2/24", "10.0.0.2/32"]],
    found: ["azure.conf:3 warning range-leaks against aws.conf:3"],
  },
  {
    what: "9: another MTU at the other end",
    folder: CLOUDS,
    edits: [["azure.conf", "MTU = 1420", "MTU = 1500"]],
    found: ["azure.conf:5 warning mtu-differs against aws.conf:5"],
  },
  {
    what: "9: an MTU too small for IPv6",
    folder: DUAL,
    edits: [["b.conf", "MTU = 1400", "MTU = 1200"]],
    found: ["b.conf:5 error mtu-below-ipv6"],
  },
  {
    what: "10: what is behind two devices overlaps",
    folder: CLOUDS,
    edits: [
      editBlock(
        CLOUDS,
        ["aws.conf", "gcp"],
        ["192.168.30.0/24", "192.168.30.0/24, 192.168.20.128/25"],
      ),
    ],
    found: ["aws.conf:19 warning ranges-overlap against aws.conf:12"],
  },
  {
    what: "10: a range of the mesh behind one of its devices",
    folder: DUAL,
    edits: [editBlock(DUAL, ["a.conf", "b"], ["10.0.0.2/32", "10.0.0.0/25"])],
    found: ["a.conf:11 warning ranges-overlap against c.conf:3"],
  },
];
