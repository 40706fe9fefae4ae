/** The policy as the compiler asks about it: each rule's sets of addresses, and who may talk to whom. */
import type { Mesh } from "../model/mesh.ts";
import type { Member } from "./member.ts";

export interface Policy {
  readonly rules: readonly unknown[];
}

/** Undefined when the mesh has no policy: then all may talk to all. */
export function createPolicy(_mesh: Mesh, _members: readonly Member[]): Policy | undefined {
  return undefined;
}

/** Whether anything of one node's may start towards anything of the other's, either way. */
export function mayTalk(_policy: Policy, _one: Member, _other: Member): boolean {
  return true;
}

/** Equal for nodes of which mayTalk says the same, whoever the other is. */
export function profileOf(_policy: Policy, _member: Member): number {
  return 0;
}
