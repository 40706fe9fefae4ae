/** Where a reader's findings make a device say something else than was written. */
import type { ForeignDevice, ForeignPeer, Reading } from "../read/foreign.ts";

/** Of a peer's lines: warnings that drop or change a value; errors do all. */
const CHANGING = /^(host-bits|peer-twice|key-twice|zero-key|port-zero|cutting-comment)$/;
/** Of all lines: what may have lost an address, or a peer with all that it had. */
const LOSING =
  /^(bad-address|no-mask|stray-line|unknown-section|misplaced-key|bad-key|zero-key|no-public-key)$/;

/** The devices and peers in whose lines they are: of a device those outside its peers. */
export function readFlaws({
  devices,
  findings,
}: Reading): ReadonlySet<ForeignDevice | ForeignPeer> {
  const byFile = Map.groupBy(devices, ({ place }) => place.file);
  const flawed = new Set<ForeignDevice | ForeignPeer>();
  for (const { severity, code, file, line } of findings) {
    for (const device of byFile.get(file) ?? []) {
      const owner = ownerOf(device, line);
      const isPeer = owner !== device && (severity === "error" || CHANGING.test(code));
      if (isPeer) flawed.add(owner);
      if (LOSING.test(code)) flawed.add(device);
    }
  }
  return flawed;
}

/** The last peer that begins at the line or before it; the device above all of them. */
function ownerOf(device: ForeignDevice, line: number): ForeignDevice | ForeignPeer {
  const before = device.peers.filter(({ place }) => place.line <= line);
  return before.toSorted((one, other) => one.place.line - other.place.line).at(-1) ?? device;
}
