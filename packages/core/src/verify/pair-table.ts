/** What two devices say of each other, a byte an ordered pair, and whether both say the same. */
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { PresharedKeyId } from "../model/keys.ts";
import type { Device, Peer } from "../plan/device.ts";
import { isDialledAt } from "./claims.ts";
import type { Claims, Owner } from "./claims.ts";

const LISTED = 1;
const HAS_ENDPOINT = 2;
const HAS_KEEPALIVE = 4;
const HAS_PRESHARED_KEY = 8;
const HAS_WRONG_KEY = 16;
const HAS_FOREIGN_PRESHARED_KEY = 32;
const HAS_WRONG_ENDPOINT = 64;
const IS_LISTED_TWICE = 128;

/** What is wrong by itself, whatever the other end says. */
const WRONG = [
  [HAS_WRONG_KEY, proof.publicKeyDiffers],
  [HAS_WRONG_ENDPOINT, proof.endpointDiffers],
  [IS_LISTED_TWICE, proof.peerTwice],
  [HAS_FOREIGN_PRESHARED_KEY, proof.presharedKeyForeign],
] as const;

export class PairTable {
  readonly #owners: readonly Owner[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #flags: Uint8Array;
  /** Epochs of preshared keys that were rotated; the others have epoch 0. */
  readonly #epochs = new Map<number, number>();

  constructor({ owners, positions }: Claims) {
    this.#owners = owners;
    this.#positions = positions;
    this.#flags = new Uint8Array(owners.length * owners.length);
  }

  add(self: number, device: Device, diagnostics: Diagnostics): void {
    const own = this.#owners[self];
    for (const peer of device.peers) {
      const position = this.#positions.get(peer.name);
      const other = position === undefined ? undefined : this.#owners[position];
      if (own === undefined) continue;
      if (position === undefined || other === undefined) {
        diagnostics.add(proof.peerUnknown(own.name, peer.name));
        continue;
      }
      const twice = this.isListed(self, position) ? IS_LISTED_TWICE : 0;
      this.#flags[this.#at(self, position)] = flagsOf(own, other, peer) | twice;
      const epoch = peer.presharedKeyId?.epoch ?? 0;
      if (epoch !== 0) this.#epochs.set(this.#at(self, position), epoch);
    }
  }

  /** Whether `self` has an entry for `other`. */
  isListed(self: number, other: number): boolean {
    return this.#has(self, other, LISTED);
  }

  /** Unordered pairs that list each other. */
  get tunnelCount(): number {
    let count = 0;
    this.#eachPair((one, other) => {
      if (this.isListed(one, other) && this.isListed(other, one)) count += 1;
    });
    return count;
  }

  check(diagnostics: Diagnostics): void {
    this.#eachPair((one, other) => {
      this.#checkSides(one, other, diagnostics);
      this.#checkKeys(one, other, diagnostics);
    });
  }

  #checkSides(one: number, other: number, diagnostics: Diagnostics): void {
    if (!this.isListed(one, other) && !this.isListed(other, one)) return;
    if (!this.isListed(one, other)) return this.#oneSided(other, one, diagnostics);
    if (!this.isListed(other, one)) return this.#oneSided(one, other, diagnostics);
    const isDialled = this.#has(one, other, HAS_ENDPOINT);
    const isDialledBack = this.#has(other, one, HAS_ENDPOINT);
    if (!isDialled && !isDialledBack) {
      diagnostics.add(proof.cannotStart(this.#name(one), this.#name(other)));
    } else if (!isDialledBack && !this.#has(one, other, HAS_KEEPALIVE)) {
      diagnostics.add(proof.keepaliveMissing(this.#name(one), this.#name(other)));
    } else if (!isDialled && !this.#has(other, one, HAS_KEEPALIVE)) {
      diagnostics.add(proof.keepaliveMissing(this.#name(other), this.#name(one)));
    }
  }

  #checkKeys(one: number, other: number, diagnostics: Diagnostics): void {
    for (const [self, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      for (const [flag, tell] of WRONG) {
        if (this.#has(self, peer, flag)) diagnostics.add(tell(this.#name(self), this.#name(peer)));
      }
    }
    const isAlike =
      this.#has(one, other, HAS_PRESHARED_KEY) === this.#has(other, one, HAS_PRESHARED_KEY) &&
      this.#epochs.get(this.#at(one, other)) === this.#epochs.get(this.#at(other, one));
    const isPair = this.isListed(one, other) && this.isListed(other, one);
    if (isPair && !isAlike)
      diagnostics.add(proof.presharedKeyDiffers(this.#name(one), this.#name(other)));
  }

  #oneSided(self: number, other: number, diagnostics: Diagnostics): void {
    diagnostics.add(proof.peerOneSided(this.#name(self), this.#name(other)));
  }

  #eachPair(visit: (one: number, other: number) => void): void {
    for (let one = 0; one < this.#owners.length; one += 1) {
      for (let other = one + 1; other < this.#owners.length; other += 1) visit(one, other);
    }
  }

  #has(self: number, other: number, flag: number): boolean {
    return ((this.#flags[this.#at(self, other)] ?? 0) & flag) !== 0;
  }

  #at(self: number, other: number): number {
    return self * this.#owners.length + other;
  }

  #name(position: number): string {
    return this.#owners[position]?.name ?? "";
  }
}

function flagsOf(own: Owner, other: Owner, peer: Peer): number {
  const { presharedKeyId: id, endpoint } = peer;
  return (
    LISTED |
    (endpoint === undefined || isDialledAt(own, other, endpoint) ? 0 : HAS_WRONG_ENDPOINT) |
    (endpoint === undefined ? 0 : HAS_ENDPOINT) |
    (peer.keepaliveSeconds === undefined ? 0 : HAS_KEEPALIVE) |
    (id === undefined ? 0 : HAS_PRESHARED_KEY) |
    (peer.publicKey === other.publicKey ? 0 : HAS_WRONG_KEY) |
    (id === undefined || isOfPair(id, own, other) ? 0 : HAS_FOREIGN_PRESHARED_KEY)
  );
}

/**
 * Whether an id names the keys of this pair. Public keys are unique, so ids that pass are the same
 * on both ends (but for the epoch) and never those of another pair.
 */
function isOfPair({ low, high }: PresharedKeyId, self: Owner, other: Owner): boolean {
  if (low >= high) return false;
  return low === self.publicKey
    ? high === other.publicKey
    : low === other.publicKey && high === self.publicKey;
}
