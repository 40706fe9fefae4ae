/**
 * The guide's pages to the letter, with real WireGuard: each runs on a desk from which ssh, a stand-in,
 * leads to the hosts of a network drawn for it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findHostSteps, judge, pageNames, readPage, writeScript } from "../tools/guide.ts";
import type { Page } from "../tools/guide.ts";
import { guideDrawings } from "./guide-drawings.ts";
import { createSystems } from "./systems.ts";
import type { DrawnSystem } from "./systems.ts";
import { reasonToSkipSystems } from "./systems-fixture.ts";
import { createUnderlay } from "./underlay.ts";
import type { Underlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();
const drawings = guideDrawings();

test("every page that needs hosts has a network", () => {
  const withHosts = pageNames().filter((name) => findHostSteps(readPage(name)).size > 0);
  expect(withHosts).toEqual(Object.keys(drawings));
});

test.for(Object.entries(drawings))("%s does what it says", async ([name, hosts], ctx) => {
  const folder = fixture.folder.path;
  const drawn = Object.entries(hosts).map(([host, each]) => [host, withFolder(host, each)]);
  // It has no network but ssh: what it reaches by other means is no host's.
  const desk: DrawnSystem = hosts["desk"] ?? { ports: {} };
  const all: Record<string, DrawnSystem> = { ...Object.fromEntries(drawn), desk };
  const hasMachines = Object.values(hosts).some(({ system }) => system !== undefined);
  const reason = hasMachines ? reasonToSkipSystems() : undefined;
  if (reason !== undefined) ctx.skip(reason);
  const underlay = hasMachines
    ? (await createSystems(fixture, { hosts: all })).underlay
    : await createUnderlay(fixture, { hosts: all });
  const list = Object.keys(all).map((host) => `${host} ${underlay.host(host).pid}\n`);
  writeFileSync(join(folder, "processes"), list.join(""));
  const page = readPage(name);
  await bringUpOld(page, underlay);
  const stage = { folder, hosts: hasMachines ? "machines" : "namespaces" } as const;
  const words = [`WARREN_HOSTS=${join(folder, "processes")}`, "bash", writeScript(page, stage)];
  await underlay.host("desk").attempt({ words: ["env", ...words], wayOut: "" });
  expect(judge(page, stage)).toEqual([]);
});

/** What a page shows as old/NAME.conf has been that host's wg0.conf, and up, since before the page began. */
async function bringUpOld({ steps }: Page, underlay: Underlay): Promise<void> {
  for (const step of steps) {
    const [, host] = /^old\/(.+)\.conf$/.exec(step.kind === "file" ? step.path : "") ?? [];
    if (host === undefined || step.kind !== "file") continue;
    writeFileSync(join(folderOf(host), "wg0.conf"), step.text, { mode: 0o600 });
    await underlay.host(host).run({ words: ["wg-quick", "up", "wg0"], wayOut: "look at the page" });
  }
}

/** With a folder that it sees as /etc/wireguard, and nothing in it; a machine has its own. */
function withFolder(name: string, host: DrawnSystem): DrawnSystem {
  if (host.system !== undefined) return host;
  mkdirSync(folderOf(name), { mode: 0o700 });
  return { ...host, folder: folderOf(name) };
}

function folderOf(name: string): string {
  return join(fixture.folder.path, `${name}-wireguard`);
}
