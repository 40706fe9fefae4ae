/** Mistakes about names, keys and peers to plant, and what must be found of each: checks 11 to 13, and more. */
import { CLOUDS, DUAL, REGIONS, SPOKES, TWO_HOSTS } from "./folders.contract.ts";
import { block, editBlock } from "./planting.contract.ts";
import type { Edit, Mistake } from "./planting.contract.ts";

export const NODE_MISTAKES: readonly Mistake[] = [
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
    what: "11: a file copied",
    folder: CLOUDS,
    edits: [["copy.conf", "", CLOUDS.get("azure.conf") ?? ""]],
    found: ["copy.conf:2 error private-key-reused against azure.conf:2"],
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
    what: "11: a peer listed twice, once for another's address",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "public azure"])],
    found: ["aws.conf:17 error public-key-differs against gcp.conf:2"],
  },
  {
    what: "11: a peer listed twice, after it was listed for another's address",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "azure"], ["public azure", "public gcp"])],
    found: ["aws.conf:10 error public-key-differs against azure.conf:2"],
  },
  {
    what: "11: a peer listed three times, once for another's address",
    folder: CLOUDS,
    edits: [
      editBlock(
        CLOUDS,
        ["aws.conf", "gcp"],
        [
          "# gcp\nPublicKey = public gcp",
          "PublicKey = public azure\nAllowedIPs = 10.0.0.2/32\n\n[Peer]\n# gcp\nPublicKey = public azure",
        ],
      ),
    ],
    found: [
      "aws.conf:16 warning peer-twice against aws.conf:10",
      "aws.conf:21 error public-key-differs against gcp.conf:2",
    ],
  },
  {
    what: "11: two peers listed under one key that nobody has",
    folder: CLOUDS,
    edits: [
      editBlock(CLOUDS, ["aws.conf", "azure"], ["public azure", "public other"]),
      editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "public other"]),
    ],
    found: [
      "aws.conf:10 error public-key-differs against azure.conf:2",
      "aws.conf:17 error public-key-differs against gcp.conf:2",
    ],
  },
  {
    what: "11: another's private key for its public one",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "private gcp"])],
    found: ["aws.conf:17 error private-key-shown against gcp.conf:2"],
  },
  {
    what: "11: the own private key on a peer",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], ["public gcp", "private aws"])],
    found: ["aws.conf:17 error private-key-shown against aws.conf:2"],
  },
  {
    what: "11: another's private key for its public one, and its address in a range",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "public b", "private b"],
      ["a.conf", "10.0.0.2/32", "10.0.0.0/24"],
    ],
    found: ["a.conf:7 error private-key-shown against b.conf:2"],
  },
  {
    what: "11: the own private key on a peer that nobody knows, and more of it to tell",
    folder: new Map([...CLOUDS].filter(([file]) => file !== "gcp.conf")),
    edits: [
      editBlock(
        CLOUDS,
        ["aws.conf", "gcp"],
        [
          /# gcp\nPublicKey = public gcp((?:\n.*)*)192\.168\.30/,
          "PublicKey = private aws$1192.168.20",
        ],
      ),
    ],
    found: [
      "aws.conf:16 error private-key-shown against aws.conf:2",
      "aws.conf:18 error prefix-on-two-peers against aws.conf:12",
    ],
  },
  {
    what: "11: another's private key in all files",
    folder: CLOUDS,
    edits: ["aws", "azure", "aliyun"].map((name) =>
      editBlock(CLOUDS, [`${name}.conf`, "gcp"], ["public gcp", "private gcp"]),
    ),
    found: [
      "aliyun.conf:24 error private-key-shown against gcp.conf:2",
      "aws.conf:17 error private-key-shown against gcp.conf:2",
      "azure.conf:17 error private-key-shown against gcp.conf:2",
    ],
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
    found: ["new.conf:1 warning node-alone"],
  },
  {
    what: "lint: a peer that does not list the device",
    folder: CLOUDS,
    edits: [["azure.conf", `[Peer]\n${block("gcp", CLOUDS, "azure.conf")}`, ""]],
    found: ["gcp.conf:15 error peer-one-sided against azure.conf:1"],
  },
  {
    what: "lint: a direct tunnel that the other end does not have",
    folder: SPOKES,
    edits: [
      [
        "laptop.conf",
        "Keepalive = 25\n",
        "Keepalive = 25\n\n[Peer]\nPublicKey = public nas\nAllowedIPs = 10.8.0.3/32\nEndpoint = nas.example.com:1\n",
      ],
      ["nas.conf", "Address", "ListenPort = 1\nAddress"],
    ],
    found: ["laptop.conf:13 error peer-one-sided against nas.conf:1"],
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
    what: "lint: no listen port where others dial",
    folder: CLOUDS,
    edits: [["gcp.conf", "ListenPort = 51820\n", ""]],
    found: ["gcp.conf:1 warning listen-port-missing against aws.conf:20"],
  },
];
