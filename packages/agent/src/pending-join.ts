/**
 * What a host makes before it asks to join, and keeps until it has joined: whoever asks once more, after a
 * kill or because no answer came, is the same host to its server.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { NODE_CREDENTIAL_PREFIX, parseNodeCredential, refusalOf } from "@warren/api";
import * as core from "@warren/core";
import type { Name, PrivateKey } from "@warren/core";
import { hashSecret, makePrivateKey, makeSecret } from "@warren/crypto";
import { writeWhole } from "./atomic-file.ts";
import { formatShape, readJson } from "./json-file.ts";

/** By which the others know a host, and by which its server does. */
export interface Identity {
  readonly privateKey: PrivateKey;
  readonly credential: string;
}

/** What it asks for; of another server, network or name it is another host. */
export interface Asked {
  readonly servers: readonly string[];
  readonly network: Name | undefined;
  readonly node: Name;
}

const FORMAT = 1;
const PREFIX = ".joining-";
/** Whoever asks once more after so long has lost nothing by being another host. */
const KEPT_MS = 7 * 24 * 3_600_000;
const { fields, required, text } = core.shapes;
const identityShape = fields({
  format: required(formatShape(FORMAT), "Of this file."),
  privateKey: required(text(core.parsePrivateKey), "Of the tunnel that is to be."),
  credential: required(text(parseNodeCredential), "By which the server is to know the host."),
});

export class PendingJoin {
  readonly #base: string;
  /** Those of one server have it in common. */
  readonly #head: string;
  readonly #file: string;

  constructor(base: string, { servers, network, node }: Asked) {
    this.#base = base;
    this.#head = `${PREFIX}${hashSecret(servers.join())}`;
    this.#file = join(base, `${this.#head}-${hashSecret(`${network} ${node}`)}.json`);
  }

  /** What was made before, or is made now, and lasts from then on. */
  demandIdentity(): Identity {
    const before = readJson(this.#file, identityShape);
    if (before !== undefined && !(before instanceof core.Problem)) return before;
    const credential = `${NODE_CREDENTIAL_PREFIX}${makeSecret()}`;
    const identity = { format: FORMAT, privateKey: makePrivateKey(), credential };
    try {
      mkdirSync(this.#base, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw refusalOf("cannot-write", this.#base, cause);
    }
    const written = `${JSON.stringify(identity)}\n`;
    writeWhole(this.#file, written, { mode: 0o600, isLasting: true });
    return identity;
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }

  /** Once this host has joined: whatever was asked of its server under other names, and what is old. */
  removeAll(): void {
    for (const name of readdirSync(this.#base)) {
      const file = join(this.#base, name);
      const isOld = statSync(file).mtimeMs < Date.now() - KEPT_MS;
      if (name.startsWith(isOld ? PREFIX : this.#head)) rmSync(file);
    }
  }
}
