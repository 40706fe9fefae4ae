/** The agent of one network on this host: real kernel, real files, real line. The only place that puts them together. */
import { createSocket } from "node:dgram";
import { mkdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { AppError, printMessage } from "@warren/api";
import type { EndFacts } from "@warren/api";
import * as core from "@warren/core";
import type { Name } from "@warren/core";
import { digest, publicKeyOf } from "@warren/crypto";
import { Agent } from "./agent.ts";
import type { AgentClock, Status, World } from "./world.ts";
import { takeDown } from "./converge.ts";
import type { Credential } from "./credential.ts";
import { examine } from "./examine.ts";
import type { Subject } from "./examine.ts";
import { listNetworks, NetworkFiles } from "./files.ts";
import { LinuxKernel } from "./kernel/linux.ts";
import { createLines } from "./line.ts";
import { ownStart } from "./process-start.ts";
import { resolveNames } from "./resolve.ts";
import { findUnrouted } from "./routes.ts";
import type { Notify } from "./starter/sd-notify.ts";
import { findInit, forgetStarter } from "./starter/starter.ts";
import { readStatuses, removeStatus, writeStatus } from "./status.ts";
import { openVisit } from "./visit.ts";

const DISCARD = 9;

export interface HostAgentOptions {
  /** What lasts: /var/lib/warren. */
  readonly base: string;
  /** What a reboot takes away: /run/warren. */
  readonly runFolder: string;
  /** Where programs are looked for. */
  readonly path: string;
  readonly version: string;
  readonly notify: Notify;
  readonly log: (text: core.Phrase) => void;
  readonly signal: AbortSignal;
  /** Of a visit: stands between the agent and its lines, for whoever has to know what passes. */
  readonly overhear?: (connect: World["connect"]) => World["connect"];
}

/** Runs until it is told to stop (the tunnel stays) or is taken out of the network (the tunnel goes). */
export async function runHostAgent(
  network: Name,
  options: HostAgentOptions,
): Promise<"stopped" | "revoked"> {
  const { base, runFolder, path, version, notify, log, signal } = options;
  const { overhear } = options;
  const files = new NetworkFiles(base, network);
  const { credential, privateKey } = demandJoined(files, network);
  const { interface: own, isRevoked = false } = credential;
  const lock = files.lock();
  try {
    const { device, trouble } = files.readDevice();
    if (trouble !== undefined) log(core.say`${trouble.text}: ${trouble.fix}`);
    let server = credential.servers[0] ?? "";
    let wrong: string | undefined;
    const kernel = createKernel({ runFolder, path });
    const connect = createLines(credential, (address) => {
      server = address;
    });
    const agent = new Agent(
      {
        kernel,
        clock: createClock(),
        digest,
        ...(overhear === undefined
          ? { connect }
          : { connect: overhear(connect), visit: openVisit(runFolder, network, Date.now()) }),
        save: (kept) => files.writeDevice(kept),
        forget: () => files.writeCredential({ ...credential, isRevoked: true }),
        resolve: resolveNames,
        findUnrouted,
        readAddresses,
        knock,
        examine: createExaminer({ privateKey, kernel }, files, { log, wrong: () => wrong }),
        log,
        onStatus: (status) => {
          const visitedAt = overhear && Date.now();
          writeStatus(runFolder, statusOf({ credential, server, visitedAt }, status));
          wrong = status.error === undefined ? undefined : core.printText(status.error);
          void notify(
            "READY=1",
            `STATUS=${status.isConnected ? "connected" : "not connected"} ${wrong ?? ""}`,
          );
        },
      },
      {
        privateKey,
        version,
        interface: own,
        ...core.optional("device", device),
        ...(isRevoked ? { revoked: { interface: own, publicKey: publicKeyOf(privateKey) } } : {}),
      },
    );
    signal.addEventListener("abort", () => agent.stop());
    const how = await agent.run();
    await notify("STOPPING=1");
    // What a visit has found out stands until the next.
    if (how === "stopped" && overhear === undefined) removeStatus(runFolder, network);
    if (how === "revoked") {
      forgetStarter(findInit(), network);
      files.remove();
      const status = statusOf({ credential, server }, { isConnected: false, isWaiting: false });
      writeStatus(runFolder, { ...status, isOut: true });
    }
    return how;
  } finally {
    lock.close();
  }
}

function createExaminer(
  known: Pick<Subject, "privateKey" | "kernel">,
  files: NetworkFiles,
  { log, wrong }: Pick<HostAgentOptions, "log"> & { readonly wrong: () => string | undefined },
): World["examine"] {
  return ({ id, peers }, device, tell) => {
    if (device === undefined) return;
    const { bundle, rev } = device;
    const about = { isAgentRunning: true, rev, ...core.optional("error", wrong()) };
    // Its files may be gone by now, when it leaves.
    const look = async () => await examine(peers, subjectOf({ ...known, bundle, about }, files));
    look().then(
      (end) => tell(printMessage({ kind: "examined", id, end })),
      (error: unknown) => log(core.say`${String(error)}`),
    );
  };
}

/** Of all networks of this host, also where no agent runs, nor has left a word. */
export function readStandings({
  base,
  runFolder,
}: Pick<HostAgentOptions, "base" | "runFolder">): ReturnType<typeof readStatuses> {
  const statuses = readStatuses(runFolder);
  const joined = process.getuid?.() === 0 ? listNetworks(base) : [];
  const silent = joined.filter((name) => !statuses.some((each) => each.network === name));
  const told = silent.flatMap((network) => {
    const files = new NetworkFiles(base, network);
    const credential = files.readCredential();
    if (credential === undefined) return [];
    const { device } = files.readDevice();
    const still = { isConnected: false, isWaiting: false, ...core.optional("rev", device?.rev) };
    const status = { ...still, ...core.optional("device", device?.bundle.device) };
    const server = credential.servers[0] ?? "";
    return [{ ...statusOf({ credential, server }, status), isRunning: false }];
  });
  return [...statuses, ...told];
}

/** What `warren doctor` sees here itself; undefined where the host has no device yet. */
export function openExamination(
  network: Name,
  place: Pick<HostAgentOptions, "base" | "runFolder" | "path">,
): HostExamination {
  const files = new NetworkFiles(place.base, network);
  const { credential, privateKey } = demandJoined(files, network);
  const { device: stored } = files.readDevice();
  if (stored === undefined) return { credential, device: undefined };
  const device = { ...stored.bundle.device, interface: credential.interface };
  const status = readStatuses(place.runFolder).find((each) => each.network === network);
  const { isRunning: isAgentRunning = false, isConnected = false, error } = status ?? {};
  // Without its server it tells of that, and not of the tunnel.
  const wrong = isAgentRunning && isConnected ? error : undefined;
  const about = { isAgentRunning, rev: stored.rev, ...core.optional("error", wrong) };
  const kernel = createKernel(place);
  const bundle = { ...stored.bundle, device };
  const subject = subjectOf({ bundle, privateKey, kernel, about }, files);
  return { credential, device, examine: (names) => examine(names, subject) };
}

export type HostExamination =
  | { readonly credential: Credential; readonly device: undefined }
  | {
      readonly credential: Credential;
      readonly device: core.Device;
      readonly examine: (names: readonly Name[]) => Promise<EndFacts>;
    };

function subjectOf(
  known: Pick<Subject, "bundle" | "privateKey" | "kernel" | "about">,
  { writtenMs }: NetworkFiles,
): Subject {
  return { ...known, resolve: resolveNames, readAddresses, nowMs: () => Date.now(), writtenMs };
}

/** Of this machine. */
export function createClock(): AgentClock {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    random: () => Math.random(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

/** Takes the tunnel down, and all that came with it; the agent must not run. */
export async function takeHostDown(
  network: Name,
  { base, runFolder, path }: Pick<HostAgentOptions, "base" | "runFolder" | "path">,
): Promise<readonly string[]> {
  const files = new NetworkFiles(base, network);
  const { credential, privateKey } = demandJoined(files, network);
  const lock = files.lock();
  try {
    const device = { interface: credential.interface, publicKey: publicKeyOf(privateKey) };
    return await takeDown(createKernel({ runFolder, path }), device);
  } finally {
    lock.close();
  }
}

/** One folder for all networks: what they share of the kernel is given back when none needs it any more. */
function createKernel({
  runFolder,
  path,
}: Pick<HostAgentOptions, "runFolder" | "path">): LinuxKernel {
  const folder = join(runFolder, "kernel");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new LinuxKernel({ folder, path, nowSeconds: () => Math.floor(Date.now() / 1000) });
}

function demandJoined(
  files: NetworkFiles,
  network: Name,
): { readonly credential: Credential; readonly privateKey: core.PrivateKey } {
  const [credential, privateKey] = [files.readCredential(), files.readPrivateKey()];
  if (credential !== undefined && privateKey !== undefined) return { credential, privateKey };
  throw new AppError("not-found", core.say`this host has not joined a network ${network}`, {
    fix: core.say`join it first: warren join TOKEN`,
  });
}

/** To a port where nobody listens (RFC 863): what matters is that the tunnel has something to send. */
function knock(addresses: readonly core.Prefix[]): void {
  for (const family of [4, 6] as const) {
    const own = addresses.filter((each) => each.family === family);
    if (own.length === 0) continue;
    const socket = createSocket(family === 4 ? "udp4" : "udp6");
    // Whom there is no way to yet is heard of later.
    socket.on("error", () => undefined);
    let left = own.length;
    for (const { bits } of own) {
      socket.send("", DISCARD, core.printAddress({ family, bits }), () => {
        left -= 1;
        if (left === 0) socket.close();
      });
    }
  }
}

function readAddresses(): readonly core.Address[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ address, internal }) => {
      const parsed = core.parseAddress(address);
      return internal || parsed instanceof core.Problem ? [] : [parsed];
    }),
  );
}

function statusOf(
  {
    credential,
    server,
    visitedAt,
  }: {
    readonly credential: Credential;
    readonly server: string;
    readonly visitedAt?: number | undefined;
  },
  { isConnected, isWaiting, rev, applied, error, device }: Status,
): Parameters<typeof writeStatus>[1] {
  const { network, node, interface: own } = credential;
  return {
    network,
    node,
    interface: own,
    pid: process.pid,
    ...core.optional("start", ownStart()),
    server,
    isConnected,
    isWaiting,
    ...core.optional("visitedAt", visitedAt),
    ...core.optional("rev", rev),
    ...core.optional("applied", applied),
    ...core.optional("error", error === undefined ? undefined : core.printText(error)),
    peers: (device?.peers ?? []).map(({ publicKey, name, endpoint }) => ({
      publicKey,
      name,
      ...core.optional(
        "endpointName",
        typeof endpoint?.host === "string" ? endpoint.host : undefined,
      ),
    })),
  };
}
