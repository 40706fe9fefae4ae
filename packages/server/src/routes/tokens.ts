/** What the API does with tokens by which hosts join. */
import type { TokenView } from "@warren/api";
import type { Handlers } from "../plane.ts";
import { demandNetwork } from "../commands/networks.ts";
import { createToken, revokeToken } from "../commands/tokens.ts";
import { rowsOf } from "../state.ts";
import type { TokenRow } from "../state.ts";

type Tokens = "listTokens" | "createToken" | "revokeToken";

const HOUR_MS = 3_600_000;
/** Enough to tell one from another in a list. */
const ID_LETTERS = 8;

export const tokenHandlers: Handlers<Tokens> = {
  async listTokens({ ledger }, { params: { network = "" } }) {
    demandNetwork(ledger.state, network);
    return rowsOf(ledger.state.token, network).map(([id, { hash: _, ...row }]): TokenView => ({
      id,
      ...row,
    }));
  },
  async createToken({ ledger, clock, vault }, { by, params: { network = "" }, body }) {
    const { uses = 1, hours = 1, isApproved = true, fields = {} } = body;
    const secret = vault.makeSecret();
    const id = body.id ?? vault.makeSecret().slice(0, ID_LETTERS);
    const now = clock.now();
    const row: TokenRow = {
      hash: vault.hashSecret(secret),
      createdAt: now,
      createdBy: by.actor,
      isApproved,
      fields,
      ...(hours === 0 ? {} : { expiresAt: now + hours * HOUR_MS }),
      ...(uses === 0 ? {} : { usesLeft: uses }),
    };
    const deed = { ...by, command: "token create", summary: `${network}/${id}` };
    await ledger.commit(deed, (state) => createToken(state, network, id, row));
    return { id, token: vault.printJoinToken(network, secret) };
  },
  async revokeToken({ ledger }, { by, params: { network = "", token = "" } }) {
    const deed = { ...by, command: "token revoke", summary: `${network}/${token}` };
    return { rev: await ledger.commit(deed, (state) => revokeToken(state, network, token)) };
  },
};
