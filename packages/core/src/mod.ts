/** The public list of the core: what other packages may know of it, and nothing else. */
export { Diagnostics } from "./diagnostics.ts";
export type { Diagnostic } from "./diagnostics.ts";
export type { Finding, Place } from "./finding.ts";
export { renderDot } from "./graph/dot.ts";
export { layout } from "./graph/layout.ts";
export type { Picture } from "./graph/picture.ts";
export { pictureOf } from "./graph/survey.ts";
export { paintOf } from "./graph/looks.ts";
export { renderSvg } from "./graph/svg.ts";
export { REFUSALS } from "./messages/refusals.ts";
export * as foreignMessages from "./messages/foreign-mesh.ts";
export { compareMeshes } from "./compare/changes.ts";
export type { Changes } from "./compare/changes.ts";
export { Reach } from "./compare/reach.ts";
export { groupPairs } from "./compare/pair-groups.ts";
export { describeChanges, describeTunnels, listSome } from "./messages/changes.ts";
export type { ChangeLine } from "./messages/changes.ts";
export * as editMessages from "./messages/edits.ts";
export * as importMessages from "./messages/import.ts";
export * as keyMessages from "./messages/keys.ts";
export * as presharedMessages from "./messages/preshared.ts";
export { parseJson, printSorted, readSent } from "./json.ts";
export { importMesh } from "./import/import.ts";
export type { Imported } from "./import/import.ts";
export type { Fields, MeshDocument } from "./import/document.ts";
export { compareAddresses, parseAddress, printAddress } from "./ip/address.ts";
export type { Address, Family } from "./ip/address.ts";
export { bracketed, parseEndpoint, printEndpoint } from "./ip/endpoint.ts";
export type { Endpoint } from "./ip/endpoint.ts";
export { IPV6_LEAST_MTU } from "./ip/mtu.ts";
export { parseInterfaceAddress, printInterfaceAddress } from "./ip/interface-address.ts";
export { linkOf } from "./ip/interface-address.ts";
export { comparePrefixes, hasPrefix, hostPrefix, isOverlapping, isWithin } from "./ip/prefix.ts";
export { parsePrefix, printPrefix } from "./ip/prefix.ts";
export type { Prefix } from "./ip/prefix.ts";
export { cover, intersect, prefixSet, subtract, union } from "./ip/prefix-set.ts";
export {
  parsePresharedKey,
  HANDSHAKE_SECONDS,
  parsePrivateKey,
  parsePublicKey,
  presharedKeyId,
} from "./model/keys.ts";
export type { PresharedKey, PresharedKeyId, PrivateKey, PublicKey } from "./model/keys.ts";
export { lint } from "./lint/lint.ts";
export { entrancesOf } from "./model/entrances.ts";
export type { Entrance } from "./model/entrances.ts";
export { EMPTY_LOCK, entryId, namesOf, pairName, parseLock, printLock } from "./model/lock.ts";
export { withKeysOnHosts } from "./model/lock.ts";
export type { EntryId, Lock, LockedNode, PairName } from "./model/lock.ts";
export type { Client, Mesh, Node, PortRange, Selector } from "./model/mesh.ts";
export { parseInterfaceName, parseName } from "./model/names.ts";
export { parsePortRange, parseTable, printPortRange, printSelector } from "./model/words.ts";
export type { InterfaceName, Name } from "./model/names.ts";
export * as shapes from "./model/shape.ts";
export type { JsonSchema, Shape } from "./model/shape.ts";
export { parseMesh } from "./model/parse.ts";
export { checkMesh } from "./model/rules.ts";
export { referencesTo } from "./model/references.ts";
export { listFields, meshSchema, valueOfWords } from "./model/tables.ts";
export type { Section } from "./model/tables.ts";
export { affected } from "./plan/affected.ts";
export { allocate } from "./plan/allocate.ts";
export type { Allocation } from "./plan/allocate.ts";
export { assemble, compile, device, entryDevice } from "./plan/compile.ts";
export type { Device, Filter, Peer } from "./plan/device.ts";
export type { Permit } from "./plan/device.ts";
export type { Entry } from "./plan/entries.ts";
export type { Facts, Member, Observed } from "./plan/member.ts";
export { index } from "./plan/members.ts";
export { pair } from "./plan/pair.ts";
export type { Index } from "./plan/members.ts";
export { joinTexts, printText, say, templateOf } from "./phrase.ts";
export type { Catalogue, Phrase, Text } from "./phrase.ts";
export { checkPending } from "./plan/pending.ts";
export { Problem, quote } from "./problem.ts";
export type { ForeignDevice } from "./read/foreign.ts";
export type { Reading } from "./read/foreign.ts";
export { judgeFirewalls } from "./read/firewall/firewall.ts";
export { admissionComment } from "./read/firewall/admission.ts";
export type { Admission } from "./read/firewall/admission.ts";
export type { FirewallBlock, FirewallTexts } from "./read/firewall/firewall.ts";
export { firewallNeeds } from "./read/firewall/needs.ts";
export type { FirewallNeed, HostRoute } from "./read/firewall/needs.ts";
export { readDump } from "./read/dump.ts";
export { readGenWeb } from "./read/gen-web.ts";
export type { JsonFile } from "./read/gen-web.ts";
export { readMeshconf } from "./read/meshconf.ts";
export { optional } from "./read/wg-fields.ts";
export { readShowconf, readWgQuick } from "./read/wg-quick.ts";
export type { ConfigSource } from "./read/wg-quick.ts";
export { hasRules } from "./render/chains.ts";
export {
  renderEndpointNames,
  renderEndpointsInit,
  renderEndpointsService,
  renderEndpointsTimer,
  withNumericEndpoints,
} from "./render/endpoint-names.ts";
export { renderFiles } from "./render/files.ts";
export type { Format } from "./render/files.ts";
export { checkMeshconf, checkNetworkd } from "./render/limits.ts";
export { renderMeshconf } from "./render/meshconf.ts";
export { renderHosts } from "./render/hosts.ts";
export { renderHostState, routesOf } from "./render/host-state.ts";
export { checkCluster } from "./render/kubernetes/cluster-checks.ts";
export { entryOf } from "./render/kubernetes/cluster-ranges.ts";
export { clusterOf } from "./render/kubernetes/cluster.ts";
export type { Backend, Cluster, ClusterWish } from "./render/kubernetes/cluster.ts";
export type { ClusterFile } from "./render/kubernetes/cluster-file.ts";
export { flannelFiles } from "./render/kubernetes/flannel.ts";
export { K3S_PLACES, k3sFiles } from "./render/kubernetes/k3s.ts";
export { KUBEADM_PLACES, kubeadmFiles } from "./render/kubernetes/kubeadm.ts";
export { renderNftables, ruleTable } from "./render/nftables.ts";
export { Printed } from "./render/printed.ts";
export type { Pieces } from "./render/printed.ts";
export { forwardedFamilies } from "./render/wg-quick.ts";
export type { Secrets } from "./render/secrets.ts";
export { EXPORT_HEADER, HEADER, renderWgSetconf } from "./render/wg-setconf.ts";
export { judge } from "./verify/admission.ts";
export { findEnd, findExit, trace } from "./verify/trace.ts";
export type { Trace, TraceEnd } from "./verify/trace.ts";
export { verify } from "./verify/verify.ts";
export type { Proof } from "./verify/verify.ts";
export { listTexts, nearest, printCount, printPath, suggestion } from "./wording.ts";
export type { Path } from "./wording.ts";
