/** Mistakes in lines of one file to plant, which only who looks closely sees, and what must be found of each. */
import { CLOUDS, DUAL, TWO_HOSTS } from "./folders.contract.ts";
import { editBlock } from "./planting.contract.ts";
import type { Mistake } from "./planting.contract.ts";

export const LINE_MISTAKES: readonly Mistake[] = [
  {
    what: "lint: a public key cut short",
    folder: CLOUDS,
    edits: [
      editBlock(CLOUDS, ["aws.conf", "gcp"], ["PublicKey = public gcp", "PublicKey = public"]),
    ],
    found: ["aws.conf:17 error bad-key"],
  },
  {
    what: "lint: a private key cut short",
    folder: CLOUDS,
    edits: [["gcp.conf", "PrivateKey = private gcp", "PrivateKey = private"]],
    found: ["gcp.conf:2 error bad-key"],
  },
  {
    what: "lint: an address without a length",
    folder: CLOUDS,
    edits: [["gcp.conf", "10.0.0.3/24", "10.0.0.3"]],
    found: ["gcp.conf:3 warning no-mask"],
  },
  {
    what: "lint: keys that everybody may read",
    folder: TWO_HOSTS,
    edits: [],
    exposed: ["a.conf"],
    found: ["a.conf:1 warning world-readable"],
  },
  {
    what: "lint: keys that everybody may read, in a file whose name a shell would part",
    folder: TWO_HOSTS,
    edits: [],
    renamed: ["a.conf", "it's a.conf"],
    exposed: ["it's a.conf"],
    found: ["it's a.conf:1 error bad-file-name", "it's a.conf:1 warning world-readable"],
  },
  {
    what: "lint: no private key",
    folder: TWO_HOSTS,
    edits: [["a.conf", "PrivateKey = private a\n", ""]],
    found: ["a.conf:1 warning no-private-key"],
  },
  {
    what: "lint: no private key, and the address in a range",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "PrivateKey = private a\n", ""],
      ["b.conf", "10.0.0.1/32", "10.0.0.0/24"],
    ],
    found: ["a.conf:1 warning no-private-key"],
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
    what: "lint: an endpoint without brackets",
    folder: DUAL,
    edits: [editBlock(DUAL, ["a.conf", "c"], ["[2001:db8::3]:51820", "2001:db8::3:51820"])],
    found: ["a.conf:19 warning no-brackets"],
  },
  {
    what: "lint: a port that wraps to nothing",
    folder: CLOUDS,
    edits: [editBlock(CLOUDS, ["aws.conf", "gcp"], [":51820", ":65536"])],
    found: ["aws.conf:20 warning port-zero"],
  },
  {
    what: "lint: a line twice, of which the last counts",
    folder: CLOUDS,
    edits: [["gcp.conf", "MTU = 1420\n", "MTU = 1380\nMTU = 1420\n"]],
    found: ["gcp.conf:6 warning key-twice against gcp.conf:5"],
  },
  {
    what: "lint: a value that a comment cuts",
    folder: CLOUDS,
    edits: [
      editBlock(CLOUDS, ["aws.conf", "gcp"], ["10.0.0.3/32, 192.168", "10.0.0.3/32#, 192.168"]),
    ],
    found: ["aws.conf:19 warning cutting-comment"],
  },
  {
    what: "lint: a preshared key of zeros, which is none",
    folder: TWO_HOSTS,
    edits: [
      ["a.conf", "preshared a b", `${"A".repeat(43)}=`],
      ["b.conf", "PresharedKey = preshared a b\n", ""],
    ],
    found: ["a.conf:8 warning zero-key"],
  },
  {
    what: "lint: a blank inside a value",
    folder: CLOUDS,
    edits: [["gcp.conf", "ListenPort = 51820", "ListenPort = 518 20"]],
    found: ["gcp.conf:4 warning inner-space"],
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
