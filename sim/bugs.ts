/** Bugs that a protocol like ours can have, as changes to the text of server and agent: what random worlds must find. */

export interface ProtocolBug {
  readonly name: string;
  readonly package: "agent" | "server";
  /** Below its package's src. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const protocolBugs: readonly ProtocolBug[] = [
  {
    name: "what changes while changes are gathered wakes nobody",
    package: "server",
    file: "streams.ts",
    find: "      this.#waiting.delete(network);\n      this.#schedule(network);",
    replace: "      this.#waiting.delete(network);",
  },
  {
    name: "the timer that gathers is never set where nothing has changed",
    package: "server",
    file: "streams.ts",
    find: "    if (!hasChanged) return;\n    this.#waiting.add(network);",
    replace: "    this.#waiting.add(network);\n    if (!hasChanged) return;",
  },
  {
    name: "a patch whose hash is another is taken",
    package: "agent",
    file: "intake.ts",
    find: "if (sum !== hash) {",
    replace: "if (isWhole && sum !== hash) {",
  },
  {
    name: "who is one revision behind is told that he is current",
    package: "server",
    file: "streams.ts",
    find: "if (isAhead || hash === undefined || had !== hash) return",
    replace: "if (isAhead || (hello.hash !== hash && hello.rev !== rev - 1)) return",
  },
  {
    name: "whoever has anything is told that he is current",
    package: "server",
    file: "streams.ts",
    find: "if (isAhead || hash === undefined || had !== hash) return",
    replace: "if (isAhead || hello.hash === undefined) return",
  },
  {
    name: "whoever knows of what his device was made is told that he is current",
    package: "server",
    file: "told.ts",
    find: "basis !== undefined && basis === this.basis",
    replace: "basis !== undefined",
  },
  {
    name: "what was seen is nothing that devices are made of",
    package: "server",
    file: "told.ts",
    find: "    ledger.seen(network).toSorted(byKey),\n",
    replace: "",
  },
  {
    name: "nobody is told to delete who was taken out",
    package: "server",
    file: "deltas.ts",
    find: "others.set(name, [...removed]);",
    replace: "others.set(name, []);",
  },
  {
    name: "patches are sent before what they are of",
    package: "server",
    file: "streams.ts",
    find: "(agent, text) => this.#send(agent, text)",
    replace:
      '(agent, text) => text.startsWith(\'{"kind":"snapshot"\') ? void this.#clock.after(GATHER_MS, () => this.#send(agent, text)) : this.#send(agent, text)',
  },
  {
    name: "a device is kept that is of a later revision of another log",
    package: "agent",
    file: "intake.ts",
    find: "if (isWhole && before !== undefined && epoch === before.epoch && rev < before.rev) {",
    replace: "if (isWhole && before !== undefined && rev < before.rev) {",
  },
  {
    name: "an agent stays under the log of before when it is told that it is current",
    package: "agent",
    file: "agent.ts",
    find: "this.#kept.take({ ...device, epoch, rev });",
    replace: "this.#kept.take({ ...device, rev });",
  },
  {
    name: "a peer that changes is taken away, and made anew",
    package: "agent",
    file: "reconcile.ts",
    find: 'if (change !== undefined) steps.push({ kind: "peer", publicKey, change });',
    replace:
      'if (change === undefined) continue; if (state !== undefined) steps.push({ kind: "peer-gone", publicKey }); steps.push({ kind: "peer", publicKey, change: wanted });',
  },
  {
    name: "what was seen is lost where the disk is full",
    package: "server",
    file: "ledger.ts",
    find: "if (!this.#unsavedFacts.has(key)) this.#unsavedFacts.set(key, seen);",
    replace: "",
  },
  {
    name: "what is seen while the store writes is lost",
    package: "server",
    file: "ledger.ts",
    find: "now === facts ? plan : planWith(plan, now)",
    replace: "plan",
  },
  {
    name: "what a slow reader does not take in is left out",
    package: "server",
    file: "streams.ts",
    find: 'if (line.bufferedBytes > MOST_BUFFERED) return this.#end(agent, "overflow");',
    replace: "if (line.bufferedBytes > MOST_BUFFERED) return;",
  },
  {
    name: "who is taken out is told nothing",
    package: "server",
    file: "streams.ts",
    find: 'this.#send(agent, printMessage({ kind: "revoked" }));',
    replace: "",
  },
  {
    name: "a second line of a node is no end of the first",
    package: "server",
    file: "streams.ts",
    find: "if (!this.#isHere(agent)) return;\n    this.#agents.delete(",
    replace: "this.#agents.delete(",
  },
  {
    name: "a commit is answered before it is written",
    package: "server",
    file: "ledger.ts",
    find: "await this.#write((store) => store.commit(...commits));",
    replace: "void this.#write((store) => store.commit(...commits)).catch(() => 0);",
  },
  {
    name: "what has cut a host off stays",
    package: "agent",
    file: "trial.ts",
    find: "if (isCut) failed(silent, asked.length);",
    replace: "",
  },
  {
    name: "what was taken back is never tried again",
    package: "agent",
    file: "guard.ts",
    find: "if (this.#offered === hash) this.#retry();",
    replace: "",
  },
  {
    name: "a restored store takes away most of the peers",
    package: "agent",
    file: "intake.ts",
    find: "if (lost <= Math.max(FEW_PEERS, peers.length * PART_OF_PEERS)) return undefined;",
    replace: "if (lost >= 0) return undefined;",
  },
  {
    name: "who is not heard where he was is not dialled where he is",
    package: "agent",
    file: "reconcile.ts",
    find: "return last !== wanted && isSilentElsewhere(state, wanted);",
    replace: "return last === undefined && isSilentElsewhere(state, wanted);",
  },
];
