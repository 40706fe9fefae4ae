/** Tests of a cluster's files: to the letter for two regions, and what is asked before they are written. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MeshFolder, textsOf } from "../cli-run.contract.ts";

const REGIONS = readFileSync(
  join(import.meta.dirname, "../../../../examples/regions.yaml"),
  "utf8",
);
const HEAD = "# Made by Warren, form 1. Changes here are lost: change the mesh and export again.\n";

/** What stands in the exported folder, without the line that all files begin with. */
function filesOf(folder: MeshFolder, only: RegExp): string {
  const files = Object.entries(textsOf(folder.listing(), /^cluster\/.*[^/]$/));
  return files
    .filter(([path]) => only.test(path))
    .map(([path, text]) => {
      expect(text.startsWith(HEAD)).toBe(true);
      return `== ${path.replace("cluster/", "")}\n${text.slice(HEAD.length)}`;
    })
    .join("");
}

async function exported(mesh: string, ...words: readonly string[]) {
  const folder = new MeshFolder(mesh);
  await folder.run("render");
  const before = folder.listing();
  const output = folder.at("cluster");
  const said = await folder.run("export", ...words, "-o", output);
  return { folder, before, said, output };
}

test("exportCluster() writes what k3s reads, and nothing into the mesh", async () => {
  const { folder, before, said } = await exported(REGIONS, "k3s", "--server", "n1");
  expect(said).toMatchInlineSnapshot(`
    {
      "err": "pods have an MTU of 1370: the tunnels' 1420 less 50 for vxlan
    each folder is its host's /: there, first the tunnel, then these, then k3s
    from a laptop to pods and services: warren add laptop --client via=n1; then export again",
      "out": "cluster: 8 files written, 0 unchanged",
      "status": 0,
    }
  `);
  expect(filesOf(folder, /n1|s1/)).toMatchInlineSnapshot(`
    "== n1/etc/rancher/k3s/config.yaml
    # k3s server, the first one
    node-name: n1
    node-ip: 10.66.0.1
    flannel-iface: wg0
    advertise-address: 10.66.0.1
    tls-san:
      - 10.66.0.1
      - n1.k8s.internal
      - 203.0.113.10
    flannel-backend: vxlan
    cluster-cidr: 10.42.0.0/16
    service-cidr: 10.43.0.0/16
    node-label:
      - topology.kubernetes.io/region=nanjing
      - topology.kubernetes.io/zone=nanjing
    == n1/etc/systemd/system/k3s.service.d/10-warren.conf
    # The node's address is on wg0: k3s starts after it, and restarts with it.
    [Unit]
    Requires=wg-quick@wg0.service
    After=wg-quick@wg0.service
    == s1/etc/rancher/k3s/config.yaml
    # k3s agent; the token is on n1: /var/lib/rancher/k3s/server/node-token
    node-name: s1
    node-ip: 10.66.128.1
    flannel-iface: wg0
    server: https://10.66.0.1:6443
    token-file: /etc/rancher/k3s/token
    node-label:
      - topology.kubernetes.io/region=shanghai
      - topology.kubernetes.io/zone=shanghai
    node-taint:
      - zone=shanghai:PreferNoSchedule
    == s1/etc/systemd/system/k3s-agent.service.d/10-warren.conf
    # The node's address is on wg0: k3s-agent starts after it, and restarts with it.
    [Unit]
    Requires=wg-quick@wg0.service
    After=wg-quick@wg0.service
    "
  `);
  const after = Object.entries(folder.listing());
  expect(Object.fromEntries(after.filter(([path]) => !path.startsWith("cluster")))).toEqual(before);
  // Whoever brings the folders to hosts with their modes must not lock others out of /etc.
  const modes = after
    .filter(([path]) => path.startsWith("cluster"))
    .map(([, text]) => text.slice(0, 3));
  expect(new Set(modes)).toEqual(new Set(["755", "644"]));
});

test("exportCluster() joins the servers of one site by etcd, and the others by its token", async () => {
  const words = ["k3s", "--server", "n2,n1,n3", "--backend", "host-gw"];
  const { folder, said } = await exported(REGIONS, ...words);
  // n2 has no endpoint that a laptop could dial.
  expect(said.err).toContain("warren add laptop --client via=n1");
  expect(filesOf(folder, /(n1|n2|s1).*config/)).toMatchInlineSnapshot(`
    "== n1/etc/rancher/k3s/config.yaml
    # k3s server; the token is on n2: /var/lib/rancher/k3s/server/node-token
    node-name: n1
    node-ip: 10.66.0.1
    flannel-iface: wg0
    server: https://10.66.0.2:6443
    token-file: /etc/rancher/k3s/token
    advertise-address: 10.66.0.1
    tls-san:
      - 10.66.0.1
      - n1.k8s.internal
      - 203.0.113.10
    flannel-backend: host-gw
    cluster-cidr: 10.42.0.0/16
    service-cidr: 10.43.0.0/16
    node-label:
      - topology.kubernetes.io/region=nanjing
      - topology.kubernetes.io/zone=nanjing
    == n2/etc/rancher/k3s/config.yaml
    # k3s server, the first one
    node-name: n2
    node-ip: 10.66.0.2
    flannel-iface: wg0
    cluster-init: true
    advertise-address: 10.66.0.2
    tls-san:
      - 10.66.0.2
      - n2.k8s.internal
    flannel-backend: host-gw
    cluster-cidr: 10.42.0.0/16
    service-cidr: 10.43.0.0/16
    node-label:
      - topology.kubernetes.io/region=nanjing
      - topology.kubernetes.io/zone=nanjing
    == s1/etc/rancher/k3s/config.yaml
    # k3s agent; the token is on n2: /var/lib/rancher/k3s/server/node-token
    node-name: s1
    node-ip: 10.66.128.1
    flannel-iface: wg0
    server: https://10.66.0.2:6443
    token-file: /etc/rancher/k3s/token
    node-label:
      - topology.kubernetes.io/region=shanghai
      - topology.kubernetes.io/zone=shanghai
    node-taint:
      - zone=shanghai:PreferNoSchedule
    "
  `);
  const apart = await exported(REGIONS, "k3s", "--server", "n1,s1");
  expect(apart.said.status).toBe(2);
  expect(apart.said.err).toContain("error servers-apart");
});

test("exportCluster() writes what kubeadm reads", async () => {
  const { folder, said } = await exported(REGIONS, "kubeadm", "--server", "n1");
  expect(said.err).toContain("then kubeadm");
  expect(filesOf(folder, /n1|s1.*kubeadm/)).toMatchInlineSnapshot(`
    "== n1/etc/kubernetes/kubeadm.yaml
    # kubeadm init --config /etc/kubernetes/kubeadm.yaml
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: InitConfiguration
    localAPIEndpoint:
      advertiseAddress: 10.66.0.1
      bindPort: 6443
    nodeRegistration:
      name: n1
      kubeletExtraArgs:
        - name: node-ip
          value: 10.66.0.1
        - name: node-labels
          value: "topology.kubernetes.io/region=nanjing,topology.kubernetes.io/zone=nanjing"
    ---
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: ClusterConfiguration
    controlPlaneEndpoint: n1.k8s.internal:6443
    networking:
      podSubnet: 10.244.0.0/16
      serviceSubnet: 10.96.0.0/12
    apiServer:
      certSANs:
        - 10.66.0.1
        - n1.k8s.internal
        - 203.0.113.10
    == n1/etc/modules-load.d/90-warren-kubernetes.conf
    overlay
    br_netfilter
    == n1/etc/sysctl.d/90-warren-kubernetes.conf
    net.ipv4.ip_forward = 1
    net.bridge.bridge-nf-call-iptables = 1
    == n1/etc/systemd/system/kubelet.service.d/10-warren.conf
    # The node's address is on wg0: kubelet starts after it, and restarts with it.
    [Unit]
    Requires=wg-quick@wg0.service
    After=wg-quick@wg0.service
    == s1/etc/kubernetes/kubeadm.yaml
    # TOKEN and HASH are what this prints on n1, behind --token and sha256:
    #   kubeadm token create --print-join-command
    # kubeadm join --config /etc/kubernetes/kubeadm.yaml
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: JoinConfiguration
    discovery:
      bootstrapToken:
        apiServerEndpoint: n1.k8s.internal:6443
        token: TOKEN
        caCertHashes:
          - sha256:HASH
    nodeRegistration:
      name: s1
      kubeletExtraArgs:
        - name: node-ip
          value: 10.66.128.1
        - name: node-labels
          value: "topology.kubernetes.io/region=shanghai,topology.kubernetes.io/zone=shanghai"
      taints:
        - key: zone
          value: shanghai
          effect: PreferNoSchedule
    "
  `);
  const two = await exported(REGIONS, "kubeadm", "--server", "n1,n2");
  expect(two.said).toMatchInlineSnapshot(`
    {
      "err": "warren: error usage: the files for kubeadm are for one server
      name one; kubeadm joins others with a certificate key and an address for all of them",
      "out": "",
      "status": 64,
    }
  `);
});

test("exportCluster() writes what flannel and the cluster are to know", async () => {
  const { folder } = await exported(REGIONS, "flannel", "--server", "n1");
  expect(filesOf(folder, /./)).toMatchInlineSnapshot(`
    "== iface.yaml
    - op: add
      path: /spec/template/spec/containers/0/args/-
      value: --iface=wg0
    == kustomization.yaml
    # Put flannel's manifest beside this file, as kube-flannel.yml, and apply both: kubectl apply -k .
    #   https://github.com/flannel-io/flannel/releases/latest/download/kube-flannel.yml
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
      - kube-flannel.yml
    patches:
      - path: iface.yaml
        target:
          kind: DaemonSet
          name: kube-flannel-ds
      - path: net-conf.yaml
    == net-conf.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: kube-flannel-cfg
      namespace: kube-flannel
    data:
      net-conf.json: |
        {
          "Network": "10.244.0.0/16",
          "Backend": {
            "Type": "vxlan",
            "MTU": 1420
          }
        }
    == nodes.sh
    # sh nodes.sh, once the nodes are there: which site each is in.
    set -eu
    kubectl label --overwrite node n1 topology.kubernetes.io/region=nanjing topology.kubernetes.io/zone=nanjing
    kubectl label --overwrite node n2 topology.kubernetes.io/region=nanjing topology.kubernetes.io/zone=nanjing
    kubectl label --overwrite node n3 topology.kubernetes.io/region=nanjing topology.kubernetes.io/zone=nanjing
    kubectl label --overwrite node s1 topology.kubernetes.io/region=shanghai topology.kubernetes.io/zone=shanghai
    kubectl taint --overwrite node s1 zone=shanghai:PreferNoSchedule
    "
  `);
});

test("exportCluster() removes what is of no use any more, and overwrites nobody else's", async () => {
  const { folder, output } = await exported(REGIONS, "k3s", "--server", "n1");
  folder.write("cluster/n2/etc/rancher/k3s/registries.yaml", "mine\n");
  const again = await folder.run(
    "export",
    "k3s",
    "--server",
    "n2",
    "--nodes",
    "n1,n2",
    "-o",
    output,
  );
  expect(again.out).toBe("cluster: 4 files written, 0 unchanged, 6 removed");
  expect(Object.keys(textsOf(folder.listing(), /^cluster\/.*[^/]$/))).toEqual([
    "cluster/n1/etc/rancher/k3s/config.yaml",
    "cluster/n1/etc/systemd/system/k3s-agent.service.d/10-warren.conf",
    "cluster/n2/etc/rancher/k3s/config.yaml",
    "cluster/n2/etc/rancher/k3s/registries.yaml",
    "cluster/n2/etc/systemd/system/k3s.service.d/10-warren.conf",
  ]);
  expect(Object.keys(folder.listing())).not.toContain("cluster/n3/");
  folder.write("cluster/n1/etc/rancher/k3s/config.yaml", "token: mine\n");
  const foreign = await folder.run("export", "k3s", "--server", "n1", "-o", output);
  expect(foreign).toMatchInlineSnapshot(`
    {
      "err": "cluster: error cannot-write: not made by Warren, and would be overwritten: n1/etc/rancher/k3s/config.yaml
      move away what is not Warren's; or choose another folder with -o",
      "out": "",
      "status": 2,
    }
  `);
  expect(folder.read("cluster/n1/etc/rancher/k3s/config.yaml")).toBe("token: mine\n");
});

test("exportCluster() wants the mesh first, and words that it can read", async () => {
  const folder = new MeshFolder(REGIONS);
  const said = async (...words: readonly string[]) => {
    const { status, out, err } = await folder.run("export", "k3s", ...words);
    expect(out).toBe("");
    return `${status} ${err}`;
  };
  expect(await said("--server", "n1")).toMatchInlineSnapshot(`
    "2 warren: error cannot-read: some nodes have no key yet
      bring up the mesh first: warren push; by hand: warren render"
  `);
  expect(await said()).toMatchInlineSnapshot(`
    "64 warren: error usage: the option --server <names> is missing
      see warren export k3s --help"
  `);
  expect(await said("--server", "n1,")).toMatchInlineSnapshot(`
    "64 warren: error usage: --server: "n1," lacks a name
      write names with commas between them, such as n1,n2"
  `);
  expect(await said("--server", "n1", "--pods", "10.42.0.1/16")).toMatchInlineSnapshot(`
    "64 warren: error usage: --pods: cannot parse prefix "10.42.0.1/16": host bits are set
      write 10.42.0.0/16 for the network or 10.42.0.1/32 for the host"
  `);
  expect(await said("--server", "n1", "--services", "fd00::/112")).toMatchInlineSnapshot(`
    "64 warren: error usage: --services: fd00::/112 is IPv6
      write a range of IPv4: these files have no other"
  `);
  expect(await said("--server", "n1", "--pod-cidr", "10.42.0.0/24")).toMatchInlineSnapshot(`
    "64 warren: error usage: --pod-cidr: "10.42.0.0/24" is not NODE=RANGE
      write NODE=RANGE, such as n1=10.42.0.0/24"
  `);
  const ranges = (...words: readonly string[]) =>
    said("--server", "n1", ...words.flatMap((word) => ["--pod-cidr", word]));
  expect(await ranges("n1=10.42.0.0/24=x")).toContain('"n1=10.42.0.0/24=x" is not NODE=RANGE');
  expect(await ranges("n1=10.44.0.0/24")).toMatchInlineSnapshot(`
    "64 warren: error usage: --pod-cidr: 10.44.0.0/24 is not in 10.42.0.0/16
      say what the cluster has: kubectl get nodes -o custom-columns=:metadata.name,:spec.podCIDR"
  `);
  expect(await ranges("n1=10.42.0.0/24", "n1=10.42.1.0/24")).toContain(": n1 has two ranges\n");
  expect(await ranges("n1=10.42.0.0/24", "n2=10.42.0.0/25")).toContain(
    ": 10.42.0.0/25 of n2 overlaps the range of n1\n",
  );
  expect(Object.keys(folder.listing())).toEqual(["warren.yaml"]);
});

test("exportCluster() names commands that mend all it names, on the mesh file it was told", async () => {
  for (const backend of ["vxlan", "host-gw"]) {
    const folder = new MeshFolder(REGIONS);
    folder.write("other.yaml", REGIONS);
    const mesh = folder.at("other.yaml");
    await folder.run("render", "-f", mesh, "-o", folder.at("out"));
    await folder.run("add", "laptop", "--client", "via=n1", "-f", mesh);
    const given = ["n1", "n2", "n3", "s1"].flatMap((name, at) => [
      "--pod-cidr",
      `${name}=10.42.${at}.0/24`,
    ]);
    const words = [
      "export",
      "k3s",
      "--server",
      "n1",
      "--backend",
      backend,
      ...given,
      "-f",
      mesh,
      "-o",
      folder.at("cluster"),
    ];
    const { err } = await folder.run(...words);
    const commands = err.match(/^ {2}warren .*$/gm) ?? [];
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const [, ...rest] = (command.match(/(?:[^\s']|'[^']*')+/g) ?? []).map((word) =>
        word.replaceAll("'", "").replace(/^other\.yaml$/, mesh),
      );
      expect(await folder.run(...rest)).toMatchObject({ status: 0 });
    }
    expect((await folder.run(...words)).err).not.toContain("warning");
  }
});
