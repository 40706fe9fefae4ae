/** The hooks of somebody else's file, without those that Warren writes by itself. */
import type { Finding } from "../finding.ts";
import * as messages from "../messages/import.ts";
import type { PublicKey } from "../model/keys.ts";
import { parseHook } from "../model/names.ts";
import { Problem } from "../problem.ts";
import type { Device } from "../plan/device.ts";
import { ownHooks } from "../render/wg-quick.ts";
import type { Party } from "./parties.ts";
import type { Fields } from "./document.ts";

/** Lines of a node's hooks, as its document has them. */
export function hooksOf(
  { device }: Party,
  made: Device,
  publicKeys: { has(key: PublicKey): boolean },
  findings: Finding[],
): Fields {
  if (device === undefined) return {};
  const own = ownHooks(made);
  const isOwn = (value: string): boolean => [...own.postUp, ...own.postDown].includes(value);
  return Object.fromEntries(
    (["preUp", "postUp", "preDown", "postDown"] as const).flatMap((kind) => {
      const lines = device.hooks[kind].flatMap(({ value, place }): string[] => {
        if (isOwn(value)) return [];
        if (RULES.some((form) => form.test(value))) {
          if (kind === "postUp") findings.push(messages.rulesLost(place, made.name));
          return [];
        }
        const hook = parseHook(value);
        // Whatever else has the form of a key is taken for a secret. A message would quote it.
        if ((value.match(KEYS) ?? []).some((key) => !publicKeys.has(key as PublicKey))) {
          findings.push(messages.hookWithSecret(place, made.name));
          return [];
        }
        if (!(hook instanceof Problem)) return [hook];
        findings.push(messages.hookLost(place, made.name, hook.message));
        return [];
      });
      return lines.length === 0 ? [] : [[kind, lines.length === 1 ? lines[0] : lines]];
    }),
  );
}

/** Whatever has the form of a key. */
const KEYS = /[A-Za-z0-9+/]{43}=/g;

/** How Warren's own files load and remove rules that lie beside them. */
const RULES = [
  /^nft -f \/etc\/wireguard\/%i\.nft$/,
  /^sh \/etc\/wireguard\/%i\.iptables (?:up|down)$/,
  /^nft 'table inet warren-/,
];
