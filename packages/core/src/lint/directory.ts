/** Finds foreign devices by their keys and addresses, and whom an entry means where the two contradict. */
import type { Address } from "../ip/address.ts";
import { isHost } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ForeignDevice, ForeignPeer } from "../read/foreign.ts";
import { findMostCommon } from "../majority.ts";
import { remember } from "../remember.ts";

export class Directory {
  readonly #devices: readonly ForeignDevice[];
  readonly #keys = new Map<ForeignDevice, PublicKey>();
  readonly #byKey = new Map<PublicKey, ForeignDevice[]>();
  readonly #byPrivateKey = new Map<string, ForeignDevice>();
  readonly #byAddress = new Map<bigint, ForeignDevice[]>();

  constructor(devices: readonly ForeignDevice[]) {
    this.#devices = devices;
    for (const device of devices) {
      const { addresses, privateKey, publicKey } = device;
      if (privateKey !== undefined) this.#byPrivateKey.set(privateKey.value, device);
      if (publicKey !== undefined) this.#learn(device, publicKey.value);
      for (const { value } of addresses) {
        remember(this.#byAddress, spotOf(value.address), () => []).push(device);
      }
    }
    const votes = this.#readVotes();
    for (const device of devices.filter(({ publicKey }) => publicKey === undefined)) {
      const key = findMostCommon(votes.get(device) ?? []);
      if (key !== undefined) this.#learn(device, key);
    }
  }

  /** Undefined where neither its file nor another one tells it. */
  keyOf(device: ForeignDevice): PublicKey | undefined {
    return this.#keys.get(device);
  }

  withKey(key: PublicKey): readonly ForeignDevice[] {
    return this.#byKey.get(key) ?? [];
  }

  /** The one whose private key stands where a public key should. */
  shownBy({ publicKey }: ForeignPeer): ForeignDevice | undefined {
    return this.#byPrivateKey.get(publicKey.value);
  }

  withAddress(address: Address): readonly ForeignDevice[] {
    return this.#byAddress.get(spotOf(address)) ?? [];
  }

  /** Whom an entry means: the one with its key, unless it is for the address of another who lists this device. */
  findMeant(self: ForeignDevice, peer: ForeignPeer): ForeignDevice | undefined {
    const holder = this.holderOf(peer);
    const candidates = this.#addressedBy(peer).filter((each) => each !== self);
    if (holder !== undefined && candidates.includes(holder)) return holder;
    return (
      candidates.find((each) => this.#isMixedUp(self, each)) ??
      (holder === self ? undefined : holder)
    );
  }

  /** The one with the key of an entry. */
  holderOf(peer: ForeignPeer): ForeignDevice | undefined {
    return this.withKey(peer.publicKey.value)[0] ?? this.shownBy(peer);
  }

  #learn(device: ForeignDevice, key: PublicKey): void {
    this.#keys.set(device, key);
    remember(this.#byKey, key, () => []).push(device);
  }

  /** Those whose very address is among the AllowedIPs. */
  #addressedBy({ allowedIps }: ForeignPeer): readonly ForeignDevice[] {
    return allowedIps.flatMap(({ value }) => {
      const found = isHost(value) ? this.withAddress(value) : [];
      return found.length === 1 ? found : [];
    });
  }

  /** The one lists the other, and is listed for its address, but never under its key. */
  #isMixedUp(self: ForeignDevice, other: ForeignDevice): boolean {
    const [own, theirs] = [this.keyOf(self), this.keyOf(other)];
    const lists = other.peers.some(({ publicKey }) => publicKey.value === own);
    const isRight = self.peers.some(
      (peer) => peer.publicKey.value === theirs && this.#addressedBy(peer).includes(other),
    );
    return lists && theirs !== undefined && !isRight;
  }

  /** The keys that no device tells, by the devices whose addresses others list under them. */
  #readVotes(): ReadonlyMap<ForeignDevice, readonly PublicKey[]> {
    const votes = new Map<ForeignDevice, PublicKey[]>();
    for (const peer of this.#devices.flatMap(({ peers }) => peers)) {
      const { value } = peer.publicKey;
      if (this.#byKey.has(value) || this.#byPrivateKey.has(value)) continue;
      for (const device of this.#addressedBy(peer)) remember(votes, device, () => []).push(value);
    }
    return votes;
  }
}

/** One number for both families. */
function spotOf({ family, bits }: Address): bigint {
  return family === 4 ? bits : bits + (1n << 128n);
}
