/**
 * Owns the server's certificate: one that the server makes itself and keeps, or one of its owner's. Whoever
 * knows the server knows it by this key: it is made once, and a new certificate is made for the same one.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import { rootCertificates } from "node:tls";
import { AppError, refusalOf, systemCode } from "@warren/api";
import type { Pin } from "@warren/api";
import { parseAddress, Problem, say } from "@warren/core";
import type { Finding } from "@warren/core";
import { pinOf } from "@warren/crypto";
import { writeWhole } from "./store/private-files.ts";

/** What a TLS server wants: texts in PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  readonly pin: Pin;
  /** An authority vouches for it that everybody knows; who connects to another has to know the pin. */
  readonly isVouchedFor: boolean;
  readonly expiresAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Nobody is to be woken by it; agents hold on to the key, whatever the dates. */
const VALID_MS = 3650 * DAY_MS;
const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Before it is made anew, or its owner is told. */
const SOON_MS = 30 * DAY_MS;

/** Its owner's own: a certificate, perhaps with those of the authorities between behind it, and its key. */
export function readCertificate(files: {
  readonly cert: string;
  readonly key: string;
}): ServerCertificate {
  const cert = readFile(files.cert);
  const key = readFile(files.key);
  return parseCertificate({ cert, key }, files);
}

export interface Making {
  readonly names: readonly string[];
  readonly now: number;
  /** Whether nobody knows the server by the one that is not there. */
  readonly isNew: boolean;
}

/**
 * The one of `file`, made when there is none yet, for the names and addresses of this host: key and
 * certificate in one file, so that they never belong to different pairs, for its owner alone.
 */
export async function keepCertificate(
  file: string,
  { names, now, isNew }: Making,
): Promise<ServerCertificate> {
  const text = readIfThere(file);
  const files = { cert: file, key: file };
  const kept = text === undefined ? undefined : parseCertificate({ cert: text, key: text }, files);
  if (kept !== undefined && kept.expiresAt - now > SOON_MS) {
    await attempt(file, () => fs.chmodSync(file, 0o600));
    return kept;
  }
  if (kept === undefined && !isNew) throw missing(file);
  const made = await makeCertificate(names, now, kept?.key);
  await attempt(file, () => writeWhole(file, (underWay) => fs.writeFileSync(underWay, made)));
  return parseCertificate({ cert: made, key: made }, files);
}

function missing(file: string): AppError {
  const fix = say`put the file back from a backup; or have every host join again: warren server --new-certificate`;
  const text = say`the server's certificate is missing, and hosts know the server by its key`;
  return new AppError("cannot-read", text, { fix, file });
}

/** What the owner of a certificate should know in time. */
export function checkExpiry(
  { expiresAt }: ServerCertificate,
  { file, now }: { readonly file: string; readonly now: number },
): Finding | undefined {
  if (expiresAt - now > SOON_MS) return undefined;
  const isOver = expiresAt <= now;
  return {
    severity: isOver ? "error" : "warning",
    code: "certificate-expiry",
    file,
    line: 1,
    column: 1,
    message: isOver
      ? say`the server's certificate has expired`
      : say`the server's certificate expires on ${new Date(expiresAt).toISOString().slice(0, 10)}`,
    fix: say`put a new one there, best with the same key, and start the server again`,
  };
}

function parseCertificate(
  { cert, key }: { readonly cert: string; readonly key: string },
  files: { readonly cert: string; readonly key: string },
): ServerCertificate {
  const leaf = attemptToParse(() => new X509Certificate(cert));
  const privateKey = attemptToParse(() => createPrivateKey(key));
  const again = say`name the right file, or bring it back from a backup: agents know the server by its key`;
  if (leaf === undefined) {
    throw new AppError("invalid", say`no certificate in PEM`, { fix: again, file: files.cert });
  }
  if (privateKey === undefined) {
    const fix = say`it must be in PEM and without a password; ${again}`;
    throw new AppError("invalid", say`no private key in PEM`, { fix, file: files.key });
  }
  if (!leaf.checkPrivateKey(privateKey)) {
    const text = say`this is not the key of the certificate in ${files.cert}`;
    throw new AppError("invalid", text, {
      fix: say`name the two that belong together`,
      file: files.key,
    });
  }
  const isVouchedFor = findAuthority(cert) !== undefined;
  return { key, cert, pin: pinOf(leaf), isVouchedFor, expiresAt: leaf.validToDate.getTime() };
}

/** Of those that Node knows by itself, as hosts do; the chain has to lead there. */
export function findAuthority(cert: string): X509Certificate | undefined {
  const chain = (cert.match(PEM) ?? []).map((each) => new X509Certificate(each));
  const isBroken = chain.some((each, at) => {
    const next = chain[at + 1];
    return next !== undefined && !isIssuedBy(each, next);
  });
  const [last] = chain.slice(-1);
  if (isBroken || last === undefined) return undefined;
  const roots = rootCertificates.map((each) => new X509Certificate(each));
  return roots.find((root) => isIssuedBy(last, root));
}

function isIssuedBy(one: X509Certificate, other: X509Certificate): boolean {
  return one.checkIssued(other) && one.verify(other.publicKey);
}

/** In PEM: a key, or the one that there is, and a certificate for it. */
async function makeCertificate(
  names: readonly string[],
  now: number,
  key: string | undefined,
): Promise<string> {
  // A tenth of a second and 7 MB, once in ten years.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "warren server" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // A browser's clock may be behind.
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + VALID_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: names.map(subjectName) },
    ],
    ...(key === undefined ? {} : { keyPair: keyPairOf(key) }),
  });
  return `${made.private.trim()}\n${made.cert.trim()}\n`;
}

/** As RFC 5280, section 4.2.1.6 numbers them: addresses are no DNS names. */
function subjectName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return parseAddress(name) instanceof Problem ? { type: 2, value: name } : { type: 7, ip: name };
}

function keyPairOf(key: string): { privateKey: string; publicKey: string } {
  const privateKey = createPrivateKey(key);
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString(),
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw refusalOf("cannot-read", file, cause);
  }
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (cause) {
    throw refusalOf("cannot-read", file, cause);
  }
}

async function attempt<T>(file: string, work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (cause) {
    throw refusalOf("cannot-write", file, cause);
  }
}

/** OpenSSL's own words tell nobody what to do, and might repeat what was read. */
function attemptToParse<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
