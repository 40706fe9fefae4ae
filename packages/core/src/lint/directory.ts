/** Finds foreign devices by their keys and addresses, and whom an entry means where the two contradict. */
import type { Address } from "../ip/address.ts";
import { isHost } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ForeignDevice, ForeignPeer } from "../read/foreign.ts";
import { findMostCommon } from "../majority.ts";

export class Directory {
  readonly devices: readonly ForeignDevice[];
  readonly keys: readonly (PublicKey | undefined)[];
  readonly #byKey = new Map<PublicKey, number[]>();
  readonly #byPrivateKey = new Map<string, number>();
  readonly #byAddress = new Map<bigint, number[]>();

  constructor(devices: readonly ForeignDevice[]) {
    this.devices = devices;
    for (const [position, { addresses, privateKey, publicKey }] of devices.entries()) {
      if (privateKey !== undefined) this.#byPrivateKey.set(privateKey.value, position);
      if (publicKey !== undefined) pushTo(this.#byKey, publicKey.value, position);
      for (const { value } of addresses) pushTo(this.#byAddress, spotOf(value.address), position);
    }
    const votes = this.#readVotes();
    this.keys = devices.map(
      ({ publicKey }, at) => publicKey?.value ?? findMostCommon(votes.get(at) ?? []),
    );
    for (const [position, key] of this.keys.entries()) {
      if (key !== undefined && devices[position]?.publicKey === undefined) {
        pushTo(this.#byKey, key, position);
      }
    }
  }

  withKey(key: PublicKey): readonly number[] {
    return this.#byKey.get(key) ?? [];
  }

  /** The one whose private key stands where a public key should. */
  shownBy({ publicKey }: ForeignPeer): number | undefined {
    return this.#byPrivateKey.get(publicKey.value);
  }

  withAddress(address: Address): readonly number[] {
    return this.#byAddress.get(spotOf(address)) ?? [];
  }

  /** Whom an entry means: the one with its key, unless it is for the address of another who lists this device. */
  findMeant(self: number, peer: ForeignPeer): number | undefined {
    const holder = this.holderOf(peer);
    const candidates = this.addressedBy(peer).filter((each) => each !== self);
    if (holder !== undefined && candidates.includes(holder)) return holder;
    return (
      candidates.find((each) => this.#isMixedUp(self, each)) ??
      (holder === self ? undefined : holder)
    );
  }

  /** The one with the key of an entry. */
  holderOf(peer: ForeignPeer): number | undefined {
    return this.withKey(peer.publicKey.value)[0] ?? this.shownBy(peer);
  }

  /** Those whose very address is among the AllowedIPs. */
  addressedBy({ allowedIps }: ForeignPeer): readonly number[] {
    return allowedIps.flatMap(({ value }) => {
      const found = isHost(value) ? this.withAddress(value) : [];
      return found.length === 1 ? found : [];
    });
  }

  /** The one lists the other, and is listed for its address, but never under its key. */
  #isMixedUp(self: number, other: number): boolean {
    const own = this.keys[self];
    const theirs = this.keys[other];
    const lists = this.devices[other]?.peers.some(({ publicKey }) => publicKey.value === own);
    const isRight = this.devices[self]?.peers.some(
      (peer) => peer.publicKey.value === theirs && this.addressedBy(peer).includes(other),
    );
    return lists === true && theirs !== undefined && isRight !== true;
  }

  /** The keys that no device tells, by the devices whose addresses others list under them. */
  #readVotes(): ReadonlyMap<number, readonly PublicKey[]> {
    const votes = new Map<number, PublicKey[]>();
    for (const peer of this.devices.flatMap(({ peers }) => peers)) {
      const { value } = peer.publicKey;
      if (this.#byKey.has(value) || this.#byPrivateKey.has(value)) continue;
      for (const position of this.addressedBy(peer)) pushTo(votes, position, value);
    }
    return votes;
  }
}

/** One number for both families. */
export function spotOf({ family, bits }: Address): bigint {
  return family === 4 ? bits : bits + (1n << 128n);
}

export function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
