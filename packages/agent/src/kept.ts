/**
 * The device that an agent is to have, and the one that its next start brings: the same, once it was tried and
 * nobody judges it any more. What has cut a host off must not outlive a reboot.
 */
import type { InterfaceName } from "@warren/core";
import type { StoredDevice } from "./files.ts";

export interface KeptOptions {
  /** Of the tunnel on this host. */
  readonly interface: InterfaceName;
  /** What was tried may be taken back yet. */
  readonly isJudged: () => boolean;
  /** Whether it was written. */
  readonly write: (device: StoredDevice) => boolean;
}

export class Kept {
  readonly #options: KeptOptions;
  #device: StoredDevice | undefined;
  #written: StoredDevice | undefined;
  #triedHash: string | undefined;

  constructor(written: StoredDevice | undefined, options: KeptOptions) {
    this.#options = options;
    if (written !== undefined) this.take(written);
    this.#written = this.#device;
  }

  get device(): StoredDevice | undefined {
    return this.#device;
  }

  take({ epoch, rev, hash, entries, bundle }: StoredDevice): void {
    const device = { ...bundle.device, interface: this.#options.interface };
    this.#device = { epoch, rev, hash, entries, bundle: { ...bundle, device } };
  }

  drop(): void {
    this.#device = undefined;
  }

  /** The kernel was to be made so, at each look anew: what a full disk did not take it is given again. */
  tried({ hash }: StoredDevice): void {
    this.#triedHash = hash;
    this.write();
  }

  write(): void {
    const device = this.#device;
    if (device === undefined || device === this.#written || device.hash !== this.#triedHash) return;
    if (!this.#options.isJudged() && this.#options.write(device)) this.#written = device;
  }
}
