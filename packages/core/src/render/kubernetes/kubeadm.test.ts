/** What kubeadm reads, against its published types. */
import { expect, test } from "vitest";
import * as core from "../../mod.ts";
import { sampleOf } from "../../../../../tools/sample.ts";

const MESH = `
network: { name: k8s, addresses: [10.66.0.0/16] }
sites: { home: { network: 172.16.0.0/24 }, far: { network: 172.16.1.0/24 } }
nodes:
  a: { site: home, lan: 172.16.0.1, endpoint: 203.0.113.1 }
  b: { site: home, lan: 172.16.0.2 }
  c: { site: far, lan: 172.16.1.1, endpoint: "c.example:77" }
  d: { endpoint: 203.0.113.4 }
`;
const WISH: core.ClusterWish = {
  servers: ["a"],
  backend: "vxlan",
  pods: rangeOf("10.42.0.0/16"),
  services: rangeOf("10.43.0.0/16"),
  podRanges: new Map(),
};

function rangeOf(text: string): core.Prefix {
  const range = core.parsePrefix(text);
  if (range instanceof core.Problem) throw new Error(text);
  return range;
}

/**
 * The fields of kubeadm.k8s.io/v1beta4 as its types name them, where our files have any. "text" and
 * "number" are values, a list has one form for all its items.
 */
const ARGUMENTS = [{ name: "text", value: "text" }];
const NODE = {
  name: "text",
  criSocket: "text",
  taints: [{ key: "text", value: "text", effect: "text", timeAdded: "text" }],
  kubeletExtraArgs: ARGUMENTS,
  ignorePreflightErrors: ["text"],
  imagePullPolicy: "text",
  imagePullSerial: "boolean",
};
const ENDPOINT = { advertiseAddress: "text", bindPort: "number" };
const HEAD = { apiVersion: "text", kind: "text" };
const V1BETA4: Readonly<Record<string, object>> = {
  InitConfiguration: {
    ...HEAD,
    nodeRegistration: NODE,
    localAPIEndpoint: ENDPOINT,
    certificateKey: "text",
    skipPhases: ["text"],
  },
  ClusterConfiguration: {
    ...HEAD,
    networking: { serviceSubnet: "text", podSubnet: "text", dnsDomain: "text" },
    kubernetesVersion: "text",
    controlPlaneEndpoint: "text",
    apiServer: { extraArgs: ARGUMENTS, certSANs: ["text"] },
    clusterName: "text",
  },
  JoinConfiguration: {
    ...HEAD,
    nodeRegistration: NODE,
    caCertPath: "text",
    discovery: {
      bootstrapToken: {
        token: "text",
        apiServerEndpoint: "text",
        caCertHashes: ["text"],
        unsafeSkipCAVerification: "boolean",
      },
      file: { kubeConfigPath: "text" },
      tlsBootstrapToken: "text",
    },
    controlPlane: { localAPIEndpoint: ENDPOINT, certificateKey: "text" },
  },
};

/** Paths that the form does not have, or has otherwise. */
function misfits(value: unknown, form: unknown, path: string): readonly string[] {
  if (typeof form === "string") {
    return typeof value === (form === "text" ? "string" : form) ? [] : [path];
  }
  if (Array.isArray(form)) {
    if (!Array.isArray(value)) return [path];
    return value.flatMap((each, at) => misfits(each, form[0], `${path}[${at}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  const fields = new Map(Object.entries(form ?? {}));
  return Object.entries(value).flatMap(([name, each]) => {
    return fields.has(name)
      ? misfits(each, fields.get(name), `${path}.${name}`)
      : [`${path}.${name}`];
  });
}

test("kubeadmFiles() keeps to the published form of v1beta4", () => {
  const { index } = sampleOf(MESH);
  const files = core.kubeadmFiles(core.clusterOf(index, WISH));
  const kinds = files.flatMap(({ path, content }) => {
    if (typeof content === "string") return [];
    return content.documents.map((document) => {
      const { kind } = document as { kind: string };
      expect(misfits(document, V1BETA4[kind], kind)).toEqual([]);
      return `${path} ${kind}`;
    });
  });
  expect(kinds).toEqual([
    "a/etc/kubernetes/kubeadm.yaml InitConfiguration",
    "a/etc/kubernetes/kubeadm.yaml ClusterConfiguration",
    "b/etc/kubernetes/kubeadm.yaml JoinConfiguration",
    "c/etc/kubernetes/kubeadm.yaml JoinConfiguration",
    "d/etc/kubernetes/kubeadm.yaml JoinConfiguration",
  ]);
  // Arguments were a mapping before v1beta4.
  const old = {
    kind: "JoinConfiguration",
    nodeRegistration: { kubeletExtraArgs: { "node-ip": "10.66.0.1" } },
    discovry: {},
  };
  expect(misfits(old, V1BETA4["JoinConfiguration"], "old")).toEqual([
    "old.nodeRegistration.kubeletExtraArgs",
    "old.discovry",
  ]);
});
