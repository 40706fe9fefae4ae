/** What we read of wg-quick's own keys, against the plan that the real wg-quick makes of the same file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  hostPrefix,
  Printed,
  printAddress,
  printPrefix,
  readWgQuick,
  renderFiles,
} from "@warren/core";
import type { Device, ForeignDevice, Prefix } from "@warren/core";
import { hasPrefix, prefixOf } from "../packages/core/src/ip/prefix.ts";
import { quickConfigs } from "../tools/random-wg-config.ts";
import { runs } from "../tools/runs.ts";
import { sampleOf, sampleSecrets } from "../tools/sample.ts";
import { WgQuick, wgQuickLack } from "../tools/wg-quick-plan.ts";
import type { QuickPlan } from "../tools/wg-quick-plan.ts";

const lack = wgQuickLack();
const name = `wq${process.pid}`;
const quick = new WgQuick(name);

beforeAll(async () => {
  if (lack === undefined) await quick.listen();
});
afterAll(async () => {
  await quick.close();
});

const examples = join(import.meta.dirname, "../examples");

test.for(readdirSync(examples).filter((file) => file.endsWith(".yaml")))(
  "wg-quick plans for examples/%s what its devices say",
  async (example, ctx) => {
    if (lack !== undefined) ctx.skip(lack);
    const { devices } = sampleOf(readFileSync(join(examples, example), "utf8"));
    for (const [at, device] of devices.entries()) {
      const [file] = renderFiles(device, sampleSecrets, new Printed(), "wg-quick");
      // Names are not asked of DNS here: wg would wait for it.
      const text = file?.text
        .join("")
        .replaceAll(/^Endpoint = [a-z].*:/gm, "Endpoint = 192.0.2.7:");
      const plan = await quick.plan(text ?? "", at === 0 ? "both" : "up");
      expect(summaryOf(plan, device)).toEqual(expectedOf(device));
      const { preUp, postUp } = device.hooks;
      expect(plan.hooks.preUp).toEqual(named(preUp));
      expect(plan.hooks.postUp).toEqual(expect.arrayContaining([...named(postUp)]));
      const { preDown, postDown, ...up } = planOf(read(text ?? "")).hooks;
      // Down is as slow as up again: for the first one alone.
      const hooks = at === 0 ? { ...up, preDown, postDown } : { ...up, preDown: [], postDown: [] };
      expect({ ...planOf(read(text ?? "")), hooks }).toEqual(plan);
      expect(preDown).toEqual(named(device.hooks.preDown));
      expect(postDown).toEqual(expect.arrayContaining([...named(device.hooks.postDown)]));
    }
  },
);

test("readWgQuick() finds the keys that the real wg-quick finds", async (ctx) => {
  if (lack !== undefined) ctx.skip(lack);
  await fc.assert(
    fc.asyncProperty(quickConfigs(), async (lines) => {
      const text = lines.join("\n");
      expect({ text, ...planOf(read(text)) }).toEqual({ text, ...(await quick.plan(text)) });
    }),
    runs(6),
  );
});

function read(text: string): ForeignDevice {
  const { devices } = readWgQuick(text, { file: `${name}.conf`, name, isWorldReadable: false });
  const [device] = devices;
  if (device === undefined) throw new Error("no device was read");
  return device;
}

/** What the plan has to be, if we have understood the file. */
function planOf({
  addresses,
  mtu,
  dns,
  table,
  hooks,
  saveConfig,
  peers,
}: ForeignDevice): QuickPlan {
  const values = dns.map(({ value }) => value);
  const servers = values.filter((value) => /^[0-9.]+$/.test(value) || value.includes(":"));
  const domains = values.filter((value) => !servers.includes(value));
  const search = domains.length === 0 ? [] : [`search ${domains.join(" ")}`];
  return {
    addresses: addresses.map(({ value }) => `${printAddress(value.address)}/${value.length}`),
    mtu: mtu?.value ?? 1420,
    dns: servers.length === 0 ? [] : [...servers.map((each) => `nameserver ${each}`), ...search],
    routes: routesOf(
      peers.flatMap((peer) => peer.allowedIps.map(({ value }) => value)),
      table?.value,
    ),
    hooks: {
      preUp: cut(hooks.preUp),
      postUp: cut(hooks.postUp),
      preDown: cut(hooks.preDown),
      postDown: cut(hooks.postDown),
    },
    isSaved: saveConfig?.value ?? false,
  };
}

/** Longest first, which we do not compare; a /0 goes into a table of its own. */
function routesOf(prefixes: readonly Prefix[], table = "auto"): readonly string[] {
  if (table === "off") return [];
  const into = (prefix: Prefix) => {
    if (table !== "auto") return ` table ${table}`;
    return prefix.length === 0 ? " table 51820" : "";
  };
  return [...new Set(prefixes.map((prefix) => `${printPrefix(prefix)}${into(prefix)}`))].sort();
}

/** As this version of wg-quick has hooks: the comment cut off, and the interface's name put in. */
function cut(hooks: readonly { readonly value: string }[]): readonly string[] {
  return named(hooks.map(({ value }) => value.replace(/\s*#.*/, "")));
}

function named(hooks: readonly string[]): readonly string[] {
  return hooks.map((hook) => hook.replaceAll("%i", name));
}

interface Summary {
  readonly addresses: readonly string[];
  readonly mtu: number;
  readonly routes: readonly string[];
}

/** Of the routes, those that no address of the device puts on the link: wg-quick leaves out the others. */
function summaryOf({ addresses, mtu, routes }: QuickPlan, device: Device): Summary {
  const covered = new Set(
    device.peers
      .flatMap(({ allowedIps }) => allowedIps)
      .filter((prefix) => isOnLink(prefix, device))
      .map(printPrefix),
  );
  const left = routes.map((route) => route.replace(/ table .*/, ""));
  return { addresses, mtu, routes: left.filter((route) => !covered.has(route)) };
}

function expectedOf(device: Device): Summary {
  const routes = device.table === "off" ? [] : device.routes;
  return {
    addresses: device.addresses.map((each) => `${printAddress(each.address)}/${each.length}`),
    mtu: device.mtu,
    routes: routes
      .filter((prefix) => !isOnLink(prefix, device))
      .map(printPrefix)
      .sort(),
  };
}

function isOnLink(prefix: Prefix, { addresses }: Device): boolean {
  return addresses.some(({ address, length }) => {
    const range = prefixOf(address, length);
    return hasPrefix(range, prefix) && !hasPrefix(hostPrefix(address), prefix);
  });
}
