/** Makes a kernel be as it should, or as if we had never been there. Knows no program. */
import { AppError } from "@warren/api";
import { listTexts, say } from "@warren/core";
import type { Admission, Device, PublicKey, Text } from "@warren/core";
import { admissionId, printStep } from "./kernel/kernel.ts";
import type { Kernel, KernelState, PeerSettings, PeerState, Step } from "./kernel/kernel.ts";
import { blocksOf, clashesOf, diff, isFresh, removal } from "./reconcile.ts";
import type { Desired, OwnDevice } from "./reconcile.ts";

/** What a first round changed may show what else there is, as a link that goes up does. */
const ROUNDS = 3;

/** What one agent remembers between two times, while it runs. */
export interface Memory {
  readonly endpoints: Map<PublicKey, string>;
  /** Of peers, how often the clock of each went back. */
  readonly generations: Map<PublicKey, number>;
  /** How much was sent to whoever is silent elsewhere than he is wanted, when that began. */
  readonly silent: Map<PublicKey, number>;
}

export interface Convergence {
  /** Nothing: it was as it should be. */
  readonly done: readonly string[];
  readonly state: KernelState;
  /** Ranges that the host has on another interface, and that no route leads into the tunnel for. */
  readonly clashes: readonly string[];
  /** Others' rules that drop what must pass, and that ours could not be put before. */
  readonly blocks: readonly { readonly message: Text; readonly fix: Text }[];
}

/** Throws an AppError where the kernel refuses, or somebody undoes what we do. */
export async function converge(
  kernel: Kernel,
  desired: Desired,
  memory: Memory,
): Promise<Convergence> {
  const done: string[] = [];
  const refused = new Map<string, Admission>();
  const isDue = (step: Step): boolean =>
    step.kind !== "admission" || !refused.has(admissionId(step.admission));
  for (let round = 0; ; round += 1) {
    const state = await kernel.read(desired.name);
    const steps = diff(state, desired, memory).filter(isDue);
    if (steps.length === 0) {
      rememberGenerations(memory, desired.device);
      rememberFound(memory, peersOf(state), desired.peers);
      const blocks = blocksOf(state, desired).filter(({ admissions }) =>
        admissions.some((each) => refused.has(admissionId(each))),
      );
      return { done, state, clashes: clashesOf(state, desired), blocks };
    }
    if (round === ROUNDS) throw stillDiffers(desired, steps);
    for (const each of await kernel.run(desired.name, steps)) refused.set(admissionId(each), each);
    remember(memory, steps, desired.peers);
    rememberGenerations(memory, desired.device);
    done.push(...steps.filter(isDue).map(printStep));
  }
}

export function peersOf({ link }: KernelState): ReadonlyMap<PublicKey, PeerState> {
  return link?.kind === "wireguard" ? link.peers : new Map();
}

/** Takes off the link of this key, and all that came with it; answers what was done. */
export async function takeDown(kernel: Kernel, device: OwnDevice): Promise<readonly string[]> {
  const steps = removal(await kernel.read(device.interface), device);
  if (steps.length > 0) await kernel.run(device.interface, steps);
  return steps.map(printStep);
}

/** Kinds, each with how often. */
export function summaryOf(done: readonly string[]): Text {
  const counts = new Map<string, number>();
  for (const step of done) {
    const kind = step.replace(/ .*/, "");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return listTexts([...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`)));
}

/** What the kernel was told of endpoints; who is made anew where he was heard is wanted elsewhere once that is news. */
export function remember(
  { endpoints, silent }: Memory,
  steps: readonly Step[],
  wanted: Desired["peers"] = new Map(),
): void {
  for (const step of steps) {
    // Also of one who is made anew: he counts from nothing.
    if (step.kind === "peer-gone") silent.delete(step.publicKey);
    if (step.kind === "peer-gone" && !wanted.has(step.publicKey)) endpoints.delete(step.publicKey);
    if (step.kind !== "peer") continue;
    const { endpoint } = step.change;
    // Once: who only begins handshakes from elsewhere is not fetched back from there each time.
    if (endpoint !== undefined && silent.has(step.publicKey)) silent.set(step.publicKey, Infinity);
    const meant = wanted.get(step.publicKey)?.endpoint ?? endpoint;
    const isNews = endpoint === meant || !endpoints.has(step.publicKey);
    if (endpoint !== undefined && meant !== undefined && isNews)
      endpoints.set(step.publicKey, meant);
  }
}

/**
 * Who is already where he is wanted needs not be told of: all the same he is not wanted elsewhere any more.
 * Who is wanted elsewhere than he was may go there by himself: to be wanted where he was is news then.
 */
export function rememberFound(
  { endpoints, silent }: Memory,
  states: ReadonlyMap<PublicKey, PeerState>,
  wanted: Iterable<readonly [PublicKey, PeerSettings]>,
): void {
  for (const [publicKey, { endpoint }] of wanted) {
    const state = states.get(publicKey);
    if (endpoint === undefined || state === undefined) continue;
    if (state.endpoint === endpoint) endpoints.set(publicKey, endpoint);
    else if (endpoints.get(publicKey) !== endpoint) endpoints.delete(publicKey);
    if (isFresh(state)) silent.delete(publicKey);
    else if (state.endpoint !== endpoint && !silent.has(publicKey)) {
      silent.set(publicKey, state.sent);
    }
  }
}

export function rememberGenerations({ generations }: Memory, { peers }: Device): void {
  for (const { publicKey, generation = 0 } of peers) generations.set(publicKey, generation);
}

function stillDiffers({ name }: Desired, steps: readonly Step[]): AppError {
  const list = steps.map(printStep).join(", ");
  return new AppError("kernel", say`${name} still differs after ${ROUNDS} rounds: ${list}`, {
    fix: say`look for another program that changes ${name}, and stop it`,
  });
}
