/** Mistakes to plant in folders that are right: what is changed, and what must be found, to the line. */
import { CLOUDS, DUAL, EXIT, GATEWAYS, REGIONS, SPOKES, TWO_HOSTS } from "./folders.contract.ts";
import type { Folder } from "./folders.contract.ts";

/** What stands in a file, once, and what stands there instead; nothing in a file that is not there yet. */
export type Edit = readonly [file: string, from: string, to: string];

export interface Change {
  readonly what: string;
  readonly folder: Folder;
  readonly edits: readonly Edit[];
  readonly renamed?: readonly [before: string, after: string];
}

export interface Mistake extends Change {
  /** Files that anybody may read. */
  readonly exposed?: readonly string[];
  /** All that is found: the mistake, and what must follow from it. */
  readonly found: readonly string[];
}

export function plant({ folder, edits, renamed }: Change): Folder {
  const planted = new Map(folder);
  if (renamed !== undefined) {
    planted.set(renamed[1], planted.get(renamed[0]) ?? "");
    planted.delete(renamed[0]);
  }
  for (const [file, from, to] of edits) {
    const text = planted.get(file);
    const pieces = text === undefined && from === "" ? ["", ""] : (text ?? "").split(from);
    if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times ${from}`);
    planted.set(file, pieces.join(to));
  }
  return planted;
}

/** The AllowedIPs of a peer in a folder whose peers begin with a comment. */
export function block(peer: string, folder: Folder, file: string): string {
  const text = folder.get(file) ?? "";
  return new RegExp(`# ${peer}\\n(.+\\n)*`).exec(text)?.[0] ?? "";
}

/** Changes a peer's block alone. */
export function editBlock(
  folder: Folder,
  [file, peer]: readonly [string, string],
  [from, to]: readonly [string | RegExp, string],
): Edit {
  const before = block(peer, folder, file);
  return [file, before, before.replace(from, to)];
}

export const MISTAKES: readonly Mistake[] = [
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
  {
    what: "11: two devices with one address",
    folder: CLOUDS,
    edits: [["gcp.conf", "Address = 10.0.0.3/24", "Address = 10.0.0.2/24"]],
    found: ["gcp.conf:3 error address-taken against azure.conf:3"],
  },
  {
    what: "11: an address that nobody knows",
    folder: CLOUDS,
    edits: [["gcp.conf", "Address = 10.0.0.3/24", "Address = 10.0.0.33/24"]],
    found: ["gcp.conf:3 error address-differs against aws.conf:19"],
  },
  {
    what: "11: two devices with one private key",
    folder: CLOUDS,
    edits: [["gcp.conf", "PrivateKey = private gcp", "PrivateKey = private azure"]],
    found: ["gcp.conf:2 error private-key-reused against azure.conf:2"],
  },
  {
    what: "11: a key that nobody knows",
    folder: CLOUDS,
    edits: [["gcp.conf", "PrivateKey = private gcp", "PrivateKey = private other"]],
    found: ["gcp.conf:2 error public-key-differs against aws.conf:17"],
  },
  {
    what: "11: a peer's key that is not its own",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "public other"])],
    found: ["aws.conf:17 error public-key-differs against gcp.conf:2"],
  },
  {
    what: "11: two peers' keys in each other's place",
    folder: DUAL,
    edits: [
      editBlock(DUAL, ["a.conf", "b"], ["public b", "public c"]),
      editBlock(DUAL, ["a.conf", "c"], ["public c", "public b"]),
    ],
    found: [
      "a.conf:9 error public-key-differs against b.conf:2",
      "a.conf:16 error public-key-differs against c.conf:2",
    ],
  },
  {
    what: "11: the own key on a peer",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "public aws"])],
    found: ["aws.conf:17 error peer-is-self against aws.conf:2"],
  },
  {
    what: "11: a peer listed twice",
    folder: CLOUDS,
    edits: [
      editBlock(
        CLOUDS,
        ["aws.conf", "gcp"],
        ["# gcp\n", "PublicKey = public gcp\nAllowedIPs = 192.168.31.0/24\n\n[Peer]\n# gcp\n"],
      ),
    ],
    found: ["aws.conf:21 warning peer-twice against aws.conf:16"],
  },
  {
    what: "11: a file name that wg-quick does not take",
    folder: TWO_HOSTS,
    edits: [],
    renamed: ["a.conf", "the host with a name too long.conf"],
    found: ["the host with a name too long.conf:1 error bad-file-name"],
  },
  {
    what: "12: a preshared key on one side",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["PresharedKey = preshared aws gcp\n", ""])],
    found: ["gcp.conf:11 error preshared-key-one-sided against aws.conf:15"],
  },
  {
    what: "12: two preshared keys",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["preshared aws gcp", "preshared aws azure"])],
    found: ["aws.conf:18 error preshared-key-differs against gcp.conf:11"],
  },
  {
    what: "12: one preshared key for two pairs",
    folder: SPOKES,
    edits: [
      ["hub.conf", "preshared hub nas", "preshared hub laptop"],
      ["nas.conf", "preshared hub nas", "preshared hub laptop"],
    ],
    found: ["hub.conf:17 warning preshared-key-reused against hub.conf:11"],
  },
  {
    what: "13: a device that nobody can start with",
    folder: DUAL,
    edits: [
      editBlock(DUAL, ["a.conf", "c"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["b.conf", "c"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["c.conf", "a"], [/Endpoint.*\n/, ""]),
      editBlock(DUAL, ["c.conf", "b"], [/Endpoint.*\n/, ""]),
    ],
    found: ["c.conf:1 error node-isolated against a.conf:14"],
  },
  {
    what: "13: a device without peers",
    folder: CLOUDS,
    edits: [["new.conf", "", "[Interface]\nPrivateKey = private new\nAddress = 10.0.0.9/24\n"]],
    found: ["new.conf:1 error node-isolated"],
  },
  {
    what: "lint: a peer that does not list the device",
    folder: CLOUDS,
    edits: [["azure.conf", `[Peer]\n${block("gcp", CLOUDS, "azure.conf")}`, ""]],
    found: ["gcp.conf:15 error peer-one-sided against azure.conf:1"],
  },
  {
    what: "lint: a device that nobody lists",
    folder: CLOUDS,
    edits: ["aws", "azure", "gcp"].map((name): Edit => {
      const file = `${name}.conf`;
      return [file, `[Peer]\n${block("aliyun", CLOUDS, file)}`, ""];
    }),
    found: ["aliyun.conf:1 error peer-one-sided against aws.conf:1"],
  },
  {
    what: "lint: a device that lists nobody",
    folder: CLOUDS,
    edits: ["aws", "azure", "gcp"].map((name): Edit => {
      return ["aliyun.conf", `[Peer]\n${block(name, CLOUDS, "aliyun.conf")}`, ""];
    }),
    found: ["aliyun.conf:1 error peer-one-sided against aws.conf:22"],
  },
  {
    what: "lint: a gateway that does not list the other",
    folder: REGIONS,
    edits: [["n1.conf", `[Peer]\n${block("s1", REGIONS, "n1.conf")}`, ""]],
    found: ["s1.conf:7 error peer-one-sided against n1.conf:1"],
  },
  {
    what: "lint: keys that everybody may read",
    folder: TWO_HOSTS,
    edits: [],
    exposed: ["a.conf"],
    found: ["a.conf:1 warning world-readable"],
  },
  {
    what: "lint: no private key",
    folder: TWO_HOSTS,
    edits: [["a.conf", "PrivateKey = private a\n", ""]],
    found: ["a.conf:1 warning no-private-key"],
  },
  {
    what: "lint: no listen port where others dial",
    folder: CLOUDS,
    edits: [["gcp.conf", "ListenPort = 51820\n", ""]],
    found: ["gcp.conf:1 warning listen-port-missing against aws.conf:20"],
  },
  {
    what: "lint: a port that wraps",
    folder: TWO_HOSTS,
    edits: [["a.conf", ":51820", ":70000"]],
    found: ["a.conf:10 warning odd-port"],
  },
  {
    what: "lint: an endpoint that is no address",
    folder: TWO_HOSTS,
    edits: [["a.conf", "172.17.3.1:51820", "1.2:51820"]],
    found: ["a.conf:10 warning short-address"],
  },
  {
    what: "lint: a hook that is cut",
    folder: CLOUDS,
    edits: [["gcp.conf", "ip_forward=1", "ip_forward=1 # on"]],
    found: ["gcp.conf:6 warning hook-comment"],
  },
  {
    what: "lint: a hook too early",
    folder: CLOUDS,
    edits: [
      [
        "gcp.conf",
        "PrivateKey = private gcp",
        "PreUp = wg set %i private-key /etc/wireguard/gcp.key",
      ],
    ],
    found: ["gcp.conf:2 warning early-hook"],
  },
  {
    what: "lint: a section that wg-quick does not see",
    folder: CLOUDS,
    edits: [["gcp.conf", "[Interface]", "[ Interface ]"]],
    found: [
      "gcp.conf:1 warning hidden-interface",
      "gcp.conf:3 error hidden-key",
      "gcp.conf:5 error hidden-key",
      "gcp.conf:6 error hidden-key",
    ],
  },
  {
    what: "lint: host bits",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["192.168.30.0/24", "192.168.30.1/24"])],
    found: ["aws.conf:19 warning host-bits"],
  },
  {
    what: "lint: a key that WireGuard does not know",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["AllowedIPs", "AllowedIP"])],
    found: ["aws.conf:19 error unknown-key"],
  },
  {
    what: "lint: an empty value",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], [/(PresharedKey =).*/, "$1"])],
    found: ["aws.conf:18 error value-missing"],
  },
  {
    what: "lint: a comment with a semicolon",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["# gcp", "; gcp"])],
    found: ["aws.conf:16 error comment-mark"],
  },
];
