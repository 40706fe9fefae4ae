/** What a node lets out of its tunnel. */
import type { Filter } from "./device.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";

export function filterOf(_index: Index, _self: Member): Filter {
  return { carries: false, clients: [], exitUsers: [], confined: [] };
}
