/** The public list of the core: what other packages may know of it, and nothing else. */
export { Diagnostics } from "./diagnostics.ts";
export type { Diagnostic, Severity } from "./diagnostics.ts";
export type { Finding, Place } from "./finding.ts";
export { REFUSALS } from "./messages/refusals.ts";
export * as foreignMessages from "./messages/foreign-mesh.ts";
export * as keyMessages from "./messages/keys.ts";
export * as presharedMessages from "./messages/preshared.ts";
export { parseAddress, printAddress } from "./ip/address.ts";
export type { Address, Family } from "./ip/address.ts";
export { parseEndpoint, printEndpoint } from "./ip/endpoint.ts";
export type { Endpoint } from "./ip/endpoint.ts";
export { hostPrefix, parsePrefix, printPrefix } from "./ip/prefix.ts";
export type { Prefix } from "./ip/prefix.ts";
export { cover, intersect, prefixSet, subtract, union } from "./ip/prefix-set.ts";
export type { PrefixSet } from "./ip/prefix-set.ts";
export {
  parsePresharedKey,
  parsePrivateKey,
  parsePublicKey,
  presharedKeyId,
} from "./model/keys.ts";
export type { PresharedKey, PresharedKeyId, PrivateKey, PublicKey } from "./model/keys.ts";
export { entrancesOf } from "./model/entrances.ts";
export type { Entrance } from "./model/entrances.ts";
export { EMPTY_LOCK, entryId, namesOf, pairName, parseLock, printLock } from "./model/lock.ts";
export type { EntryId, Lock, LockedNode, PairName } from "./model/lock.ts";
export type { Client, Mesh, Node, PortRange, Selector, Subnet } from "./model/mesh.ts";
export { parseName } from "./model/names.ts";
export { parsePortRange } from "./model/words.ts";
export type { InterfaceName, Name } from "./model/names.ts";
export { parseMesh } from "./model/parse.ts";
export { checkMesh } from "./model/rules.ts";
export { meshSchema } from "./model/tables.ts";
export { affected, recompile } from "./plan/affected.ts";
export type { Affected } from "./plan/affected.ts";
export { allocate } from "./plan/allocate.ts";
export type { Allocation } from "./plan/allocate.ts";
export { compile, device, entryDevice } from "./plan/compile.ts";
export type { Confinement, Device, Filter, InterfaceAddress, Peer } from "./plan/device.ts";
export type { Permit, Resolver } from "./plan/device.ts";
export type { Entry } from "./plan/entries.ts";
export type { Member } from "./plan/member.ts";
export { index } from "./plan/members.ts";
export type { Index } from "./plan/members.ts";
export { joinTexts, printText, say, templateOf } from "./phrase.ts";
export type { Catalogue, Phrase, Text } from "./phrase.ts";
export { checkPending } from "./plan/pending.ts";
export { Problem, quote } from "./problem.ts";
export type { ForeignAddress, ForeignDevice, ForeignHooks, ForeignPeer } from "./read/foreign.ts";
export type { Placed, Reading } from "./read/foreign.ts";
export { readDump } from "./read/dump.ts";
export { readWgConfig } from "./read/wg-config.ts";
export type { WgConfig } from "./read/wg-config.ts";
export { readShowconf, readWgQuick } from "./read/wg-quick.ts";
export type { ConfigSource } from "./read/wg-quick.ts";
export { renderFiles } from "./render/files.ts";
export type { Format, RenderedFile } from "./render/files.ts";
export { renderHosts } from "./render/hosts.ts";
export { Printed } from "./render/printed.ts";
export type { Pieces } from "./render/printed.ts";
export type { Secrets } from "./render/secrets.ts";
export { HEADER } from "./render/wg-setconf.ts";
export { findEnd, findExit, trace } from "./verify/trace.ts";
export type { Trace, TraceEnd, TraceStep } from "./verify/trace.ts";
export { verify } from "./verify/verify.ts";
export type { Proof } from "./verify/verify.ts";
export { printPath } from "./wording.ts";
export type { Path } from "./wording.ts";
