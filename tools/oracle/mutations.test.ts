/** Judge and proof, of which neither knows the other: both call a changed plan broken, or neither does. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { Diagnostics, verify } from "@warren/core";
import { topologyDocuments } from "../random-topology.ts";
import type { TopologyDocument } from "../random-topology.ts";
import { runs } from "../runs.ts";
import { printDiagnostics } from "../sample.ts";
import { judge } from "./judge.ts";
import { mutations } from "./mutations.ts";
import { compilePlan } from "./plans.contract.ts";
import type { Plan } from "./plans.contract.ts";

const plans = new Map<string, Plan | undefined>();

test.each(Object.entries(mutations))("judge() and verify() agree when %s", (_, mutate) => {
  const count = { broken: 0, whole: 0 };
  const draws = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
  const options = runs(12, 25);
  fc.assert(
    fc.property(topologyDocuments(7), draws, (document, numbers) => {
      const plan = findPlan(document);
      fc.pre(plan !== undefined);
      const rest = numbers.values();
      const mutated = mutate(plan, (list) => list[(rest.next().value ?? 0) % list.length]);
      fc.pre(mutated !== undefined);
      const said = judge(mutated.mesh, mutated.lock, mutated.devices);
      const proven = prove(mutated);
      count[proven === "" ? "whole" : "broken"] += 1;
      expect(said.length > 0 === (proven !== ""), `${said.join("\n")}\n${proven}`).toBe(true);
    }),
    // In a check always the same, so that both are always there; while fuzzing by chance.
    { seed: 1, ...options },
  );
  const least = Math.floor(options.numRuns / 10);
  expect(count.broken).toBeGreaterThanOrEqual(least);
  expect(count.whole).toBeGreaterThanOrEqual(least);
});

/** A plan in which nothing is wrong: the same for every mutation, and compiled once. */
function findPlan(document: TopologyDocument): Plan | undefined {
  const text = JSON.stringify(document);
  if (plans.has(text)) return plans.get(text);
  const plan = compilePlan(document);
  const isRight = plan !== undefined && !isWantedInVain(plan) && prove(plan) === "";
  plans.set(text, isRight ? plan : undefined);
  return plans.get(text);
}

/**
 * A client may be wanted by whom its access keeps from it: how far lists should lead there all the
 * same, the two see differently, and neither is wrong.
 */
function isWantedInVain({ mesh: { clients } }: Plan): boolean {
  return clients.some(({ access }) => {
    const isOpen = access.includes("nodes") && access.includes("subnets");
    return !isOpen && !access.includes("all-but-lan");
  });
}

/** What the proof calls an error. */
function prove({ mesh, lock, devices }: Plan): string {
  const diagnostics = new Diagnostics();
  verify(mesh, lock, devices, diagnostics);
  return printDiagnostics(diagnostics)
    .split("\n")
    .filter((line) => line.startsWith("error"))
    .join("\n");
}
