/**
 * Sends one handshake initiation of WireGuard's (its paper, section 5.4.2) that carries a time to come, as a host
 * does whose clock is a day ahead.
 */
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
} from "node:crypto";
import { diffieHellman, generateKeyPairSync } from "node:crypto";
import { createSocket } from "node:dgram";

const CONSTRUCTION = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
const IDENTIFIER = "WireGuard v1 zx2c4 Jason@zx2c4.com";
/** RFC 8410: what stands before the 32 bytes of a key. */
const [PRIVATE, PUBLIC] = ["302e020100300506032b656e04220420", "302a300506032b656e032100"];
const PORT = 51_820;
const AHEAD_SECONDS = 86_400;
/** TAI64's label of 1970. */
const EPOCH = 0x400000000000000an;

const SCRIPT = "import(process.argv[1]).then(({ main }) => main(...process.argv.slice(2)))";

/** Of one with the key `own` to the one with the key `other`: what has a host send it. */
export function sending(
  own: string,
  other: string,
  address: string,
): readonly [string, ...string[]] {
  return [process.execPath, "-e", SCRIPT, import.meta.filename, own, other, address];
}

export function main(own: string, other: string, address: string): void {
  const packet = initiation(Buffer.from(own, "base64"), Buffer.from(other, "base64"));
  const socket = createSocket("udp4");
  socket.send(packet, PORT, address, () => socket.close());
}

function initiation(own: Buffer, other: Buffer): Buffer {
  const pair = generateKeyPairSync("x25519");
  const der = pair.publicKey.export({ format: "der", type: "spki" });
  const ephemeral = der.subarray(-32);
  const self = createPrivateKey({
    key: Buffer.concat([Buffer.from(PRIVATE, "hex"), own]),
    format: "der",
    type: "pkcs8",
  });
  const peer = createPublicKey({
    key: Buffer.concat([Buffer.from(PUBLIC, "hex"), other]),
    format: "der",
    type: "spki",
  });
  const ownPublic = createPublicKey(self).export({ format: "der", type: "spki" }).subarray(-32);
  let chain = hash(Buffer.from(CONSTRUCTION));
  let seen = hash(hash(chain, Buffer.from(IDENTIFIER)), other);
  seen = hash(seen, ephemeral);
  [chain] = derive(chain, ephemeral);
  const seal = (privateKey: typeof self, text: Buffer): Buffer => {
    const [next, key] = derive(chain, diffieHellman({ privateKey, publicKey: peer }));
    const cipher = createCipheriv("chacha20-poly1305", key, Buffer.alloc(12), {
      authTagLength: 16,
    });
    cipher.setAAD(seen, { plaintextLength: text.length });
    const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    [chain, seen] = [next, hash(seen, sealed)];
    return sealed;
  };
  const time = Buffer.alloc(12);
  time.writeBigUInt64BE(EPOCH + BigInt(Math.floor(Date.now() / 1000) + AHEAD_SECONDS));
  const head = Buffer.from([1, 0, 0, 0, 7, 7, 7, 7]);
  const message = Buffer.concat([
    head,
    ephemeral,
    seal(pair.privateKey, ownPublic),
    seal(self, time),
  ]);
  const mac = keyedHash(hash(Buffer.from("mac1----"), other), message);
  return Buffer.concat([message, mac, Buffer.alloc(16)]);
}

function hash(...parts: readonly Buffer[]): Buffer {
  return createHash("blake2s256").update(Buffer.concat(parts)).digest();
}

function derive(chain: Buffer, input: Buffer): readonly [Buffer, Buffer] {
  const secret = keyed(chain, input);
  const first = keyed(secret, Buffer.from([1]));
  return [first, keyed(secret, Buffer.concat([first, Buffer.from([2])]))];
}

function keyed(key: Buffer, text: Buffer): Buffer {
  return createHmac("blake2s256", key).update(text).digest();
}

/** RFC 7693's first numbers, and its order of words for each round. */
const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const ORDERS = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
];
const COLUMNS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** BLAKE2s with a key of 32 bytes and a result of 16, which Node has not. */
function keyedHash(key: Buffer, text: Buffer): Buffer {
  const all = Buffer.concat([key, Buffer.alloc(32), text]);
  const state = Uint32Array.from(START);
  state[0] = at(state, 0) ^ 0x01012010;
  for (let start = 0; start < all.length; start += 64) {
    const end = Math.min(all.length, start + 64);
    const block = Buffer.concat([all.subarray(start, end), Buffer.alloc(64)]);
    const words = Uint32Array.from({ length: 16 }, (_, place) => block.readUInt32LE(place * 4));
    const work = Uint32Array.from([...state, ...START]);
    work[12] = at(work, 12) ^ end;
    if (end === all.length) work[14] = ~at(work, 14);
    for (const order of ORDERS) mixRound(work, words, order);
    for (const place of state.keys()) {
      state[place] = at(state, place) ^ at(work, place) ^ at(work, place + 8);
    }
  }
  return Buffer.from(state.buffer, 0, 16);
}

function mixRound(work: Uint32Array, words: Uint32Array, order: string): void {
  for (const [place, [a = 0, b = 0, c = 0, d = 0]] of COLUMNS.entries()) {
    for (const [half, [first, second]] of (
      [
        [16, 12],
        [8, 7],
      ] as const
    ).entries()) {
      const word = at(words, Number.parseInt(order[place * 2 + half] ?? "", 16));
      work[a] = at(work, a) + at(work, b) + word;
      work[d] = turned(at(work, d) ^ at(work, a), first);
      work[c] = at(work, c) + at(work, d);
      work[b] = turned(at(work, b) ^ at(work, c), second);
    }
  }
}

function at(words: Uint32Array, place: number): number {
  return words[place] ?? 0;
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
