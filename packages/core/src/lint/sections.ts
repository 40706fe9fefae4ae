/**
 * Several [Peer] sections with one key: WireGuard makes one peer of them, but where one has the address of
 * another known device, it was copied and its key left, and it is that device that is meant.
 */
import type { Finding } from "../finding.ts";
import { peerTwice } from "../messages/foreign-wg.ts";
import { mergeSections } from "../read/build-device.ts";
import type { ForeignPeer, Reading } from "../read/foreign.ts";
import { Directory } from "./directory.ts";

/** Such sections are peers of their own, and that they have one key is no finding any more. */
export function partSections({ devices, findings }: Reading): Reading {
  const known = new Directory(devices);
  const parted = new Set<ForeignPeer>();
  const added: Finding[] = [];
  const partedDevices = devices.map((device) => {
    const peers = device.peers.flatMap((peer) => {
      const { sections = [] } = peer;
      const holder = known.holderOf(peer);
      const meant = new Map(
        sections.map((each) => [each, known.findMeant(device, each) ?? holder]),
      );
      const several = new Set([holder, ...meant.values()].filter((each) => each !== undefined));
      if (several.size < 2) return [peer];
      const strange = sections.filter((each) => meant.get(each) !== holder);
      for (const each of sections) parted.add(each);
      const [first, ...rest] = sections.filter((each) => !strange.includes(each));
      if (first === undefined) return strange;
      for (const each of rest) {
        added.push(peerTwice(each.publicKey.place, first.publicKey.place));
      }
      return [...strange, mergeSections([first, ...rest])];
    });
    return { ...device, peers };
  });
  const left = findings.filter((finding) => !isAbout(finding, parted));
  return { devices: partedDevices, findings: [...left, ...added] };
}

function isAbout({ code, file, line }: Finding, parted: ReadonlySet<ForeignPeer>): boolean {
  if (code !== "peer-twice") return false;
  return [...parted].some(({ publicKey: { place } }) => place.file === file && place.line === line);
}
