/** Who asks: holds what a request shows against what the state knows. */
import type { Name } from "@warren/core";
import { authenticate } from "./auth/authenticate.ts";
import type { AskedRequest, Known } from "./auth/authenticate.ts";
import type { Caller, NodeCaller } from "./auth/roles.ts";
import type { Sessions } from "./auth/sessions.ts";
import type { Clock, Ledger } from "./ledger.ts";
import type { NodeRow, Rows } from "./state.ts";

export class Door {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #hashSecret: (secret: string) => string;
  readonly #localHash: string;
  #nodes: Rows<NodeRow> | undefined;
  #callers: Known["nodes"] = new Map();
  /** Hashes of credentials that held once; few, and small, until the server ends. */
  readonly #revoked = new Set<string>();

  /** `localToken`: of whoever may read the server's own files, and so may do everything. */
  constructor(
    {
      ledger,
      clock,
      sessions,
    }: { readonly ledger: Ledger; readonly clock: Clock; readonly sessions: Sessions },
    {
      hashSecret,
      localToken,
    }: { readonly hashSecret: (secret: string) => string; readonly localToken: string },
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#sessions = sessions;
    this.#hashSecret = hashSecret;
    this.#localHash = hashSecret(localToken);
  }

  identify(request: AskedRequest): Caller {
    const known = {
      state: this.#ledger.state,
      nodes: this.#nodeCallers(),
      sessions: this.#sessions,
      hashSecret: this.#hashSecret,
      localHash: this.#localHash,
    };
    return authenticate(known, request, this.#clock.now());
  }

  /** By its credential alone. What was one is known until the server ends. */
  identifyNode(credential: string): NodeCaller | "revoked" | "unknown" {
    const hash = this.#hashSecret(credential);
    return this.#nodeCallers().get(hash) ?? (this.#revoked.has(hash) ? "revoked" : "unknown");
  }

  /** By the hashes of their credentials; worked out once for each change of the nodes. */
  #nodeCallers(): Known["nodes"] {
    const nodes = this.#ledger.state.node;
    if (nodes === this.#nodes) return this.#callers;
    this.#nodes = nodes;
    const before = this.#callers;
    this.#callers = new Map(
      [...nodes].flatMap(([key, { joined }]) => {
        const [network = "", node = ""] = key.split("/");
        const caller = { kind: "node", network: network as Name, node: node as Name } as const;
        return joined === undefined ? [] : [[joined.credential, caller] as const];
      }),
    );
    for (const hash of before.keys()) if (!this.#callers.has(hash)) this.#revoked.add(hash);
    return this.#callers;
  }
}
