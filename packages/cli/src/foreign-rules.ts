/** Rules that Warren once wrote beside an imported file: whether the mesh that was made of it has the same. */
import { dirname, join } from "node:path";
import { importMessages, Printed, renderFiles } from "@warren/core";
import type { Device, Finding, ForeignDevice, Imported, Secrets } from "@warren/core";
import { readTextIfThere } from "./files/file-text.ts";

/** Policies are in no file that is read: where the rules are others, something was lost. */
export function findOtherRules(
  foreign: readonly ForeignDevice[],
  { devices }: Imported,
): readonly Finding[] {
  const byKey = new Map(devices.map((device) => [device.publicKey, device]));
  return foreign.flatMap((device): Finding[] => {
    const made = device.publicKey && byKey.get(device.publicKey.value);
    const hook = device.hooks.postUp.find(({ value }) => LOADS.test(value));
    const [, ending] = LOADS.exec(hook?.value ?? "") ?? [];
    const rules = made === undefined ? undefined : rulesOf(made, ending ?? "");
    if (hook === undefined || made === undefined || rules === undefined) return [];
    const name = `${device.interface ?? made.interface}.${ending}`;
    const file = join(dirname(device.place.file), name);
    const text = readTextIfThere(file);
    return text === rules ? [] : [importMessages.rulesDiffer(hook.place, made.name, file)];
  });
}

/** The hook of ours that loads them. */
const LOADS = /^(?:nft -f|sh) \/etc\/wireguard\/%i\.(nft|iptables)(?: up)?$/;

/** Undefined where there are none: that was said already. */
function rulesOf(device: Device, ending: string): string | undefined {
  const files = renderFiles(device, NO_SECRETS, new Printed(), "setconf");
  return files.find(({ name }) => name.endsWith(`.${ending}`))?.text.join("");
}

/** Rules hold none. */
const NO_SECRETS: Secrets = {
  privateKey: () => undefined,
  presharedKey: () => "" as never,
};
