/**
 * What the API does for small routers, which come from time to time: each visit is a short connection to
 * the streams, so that they are told, seen and let go as agents are. What the router is to have is sent as
 * text that its shell needs only take apart.
 */
import { bundleOf, deltaOf, readServerMessage } from "@warren/api";
import type { BodyOf, Bundle, Routes, ServerMessage } from "@warren/api";
import * as core from "@warren/core";
import type { InterfaceName, PresharedKey, PresharedKeyId } from "@warren/core";
import { limitKey } from "../auth/rate-limit.ts";
import { removeNode } from "../commands/nodes.ts";
import type { Arrival } from "../connected-agent.ts";
import type { Handlers, Plane } from "../plane.ts";

type Visit = BodyOf<Routes["checkIn"]>;

/** Streams answer as soon as all that is gathered is told; where a network is in trouble they do not. */
const ANSWER_MS = 2000;
/** As the version of its agent. */
export const THIN = "thin";
/** Zeros are no key. */
const NO_KEY = `${"A".repeat(43)}=` as PresharedKey;

/** `waiting`, `later`, `same EPOCH REV`, `device …` (see `printDevice`), `revoked`, or `unknown`. */
export const checkInHandlers: Handlers<"checkIn"> = {
  async checkIn(plane, { body, remoteAddress }) {
    const { ledger, clock, tries } = plane;
    const key = limitKey(remoteAddress);
    tries.take(key, clock.now());
    const caller = plane.nodeOf(body.credential);
    if (typeof caller === "string") return `${caller}\n`;
    // What was right was no guess.
    tries.give(key, clock.now());
    const { network, node } = caller;
    if (body.isLeaving === true) {
      const summary = `${network}/${node}`;
      const deed = { actor: `node ${summary}`, command: "leave", summary };
      await ledger.commit(deed, (state) => removeNode(state, network, node));
      return "revoked\n";
    }
    const address = core.parseAddress(remoteAddress.replace(/^::ffff:/, ""));
    const from = address instanceof core.Problem ? {} : { address };
    const answer = await visit(plane, { network, node, ...from }, body);
    return answer === undefined ? "later\n" : printAnswer(answer, body.interface);
  },
};

/** As a line that is opened, used once and closed. */
async function visit(
  { streams, clock }: Plane,
  arrival: Arrival,
  { epoch, rev, hash, now, listenPort, addresses = [], peers, failed }: Visit,
): Promise<ServerMessage | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const line = { send: resolve, bufferedBytes: 0, close: () => resolve(undefined) };
  const { receive, end } = streams.connect(arrival, line);
  const told = { epoch, rev, hash, now, listenPort, addresses: addresses.map(core.printAddress) };
  receive(JSON.stringify({ kind: "hello", version: THIN, isVisit: true, ...told }));
  const giveUp = clock.after(ANSWER_MS, () => resolve(undefined));
  const text = await promise;
  giveUp();
  if (failed !== undefined) receive(JSON.stringify({ kind: "applied", ...failed }));
  receive(JSON.stringify({ kind: "report", peers }));
  end();
  const answer = text === undefined ? undefined : readServerMessage(text);
  return answer instanceof core.Problem ? undefined : answer;
}

function printAnswer(answer: ServerMessage, own: InterfaceName): string {
  switch (answer.kind) {
    case "waiting":
    case "revoked":
      return `${answer.kind}\n`;
    case "current":
      return `same ${answer.epoch} ${answer.rev}\n`;
    case "bye":
    case "examine":
    case "patch":
      return "later\n";
    case "snapshot": {
      const bundle = bundleOf(new Map(deltaOf(answer).set));
      if (bundle instanceof core.Problem) throw new Error(core.printText(bundle.message));
      const intent = answer.isIntended === true ? " intended" : "";
      const head = `device ${answer.epoch} ${answer.rev} ${answer.hash}${intent}\n`;
      return `${head}${printDevice(bundle, own)}end\n`;
    }
  }
}

/**
 * Lines that begin with whom they are for: `ip` as in a state file; `wg` for `wg syncconf`, but without the
 * private key, and with how often a peer's clock went back (`# again KEY TIMES`); `nft` for `nft -f`; `name
 * KEY HOST PORT` for endpoints that have to be asked for.
 */
function printDevice({ device: sent, presharedKeys }: Bundle, own: InterfaceName): string {
  const keys = new Map<PresharedKeyId, PresharedKey>();
  // What is not said older ones of wg leave as it was.
  const peers = sent.peers.map((peer) => {
    const { publicKey, presharedKeyId = core.presharedKeyId(publicKey, sent.publicKey, 0) } = peer;
    keys.set(presharedKeyId, presharedKeys.get(publicKey) ?? NO_KEY);
    return { ...peer, presharedKeyId, keepaliveSeconds: peer.keepaliveSeconds ?? 0 };
  });
  const device = { ...sent, interface: own, peers };
  const secrets = {
    privateKey: () => undefined,
    presharedKey: (id: PresharedKeyId) => keys.get(id) ?? NO_KEY,
  };
  const printed = new core.Printed();
  const numeric = core.withNumericEndpoints(device);
  const rules = core.hasRules(device) ? core.renderNftables(device, printed).join("") : "";
  return [
    ...linesFor("ip", core.renderHostState(device)).filter((line) => !line.startsWith("ip rules")),
    ...peers.flatMap(({ publicKey, generation }) =>
      generation === undefined ? [] : [`wg # again ${publicKey} ${generation}\n`],
    ),
    ...linesFor("wg", core.renderWgSetconf(numeric, secrets, printed).join("")),
    ...linesFor("nft", rules),
    ...linesFor("name", core.renderEndpointNames(device) ?? ""),
  ].join("");
}

function linesFor(whom: string, text: string): readonly string[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => `${whom} ${line}\n`);
}
