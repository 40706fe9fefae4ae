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
      const lines = device.hooks[kind].flatMap(({ value: written, place }): string[] => {
        const value = withoutComment(written);
        if (value === "" || isOwn(value)) return [];
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

/**
 * What both kinds of wg-quick run: the older cut a hook at its first #, bash at one that begins a word,
 * outside of quotes and whatever else is open. As it is, where the two differ.
 */
function withoutComment(command: string): string {
  const end = command.indexOf("#");
  const before = command.slice(0, Math.max(0, end));
  // What is quoted is a word, whatever stands in it.
  const words = before.replaceAll(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/gs, "x");
  const isWord = words === "" || /\s$/.test(words);
  return end < 0 || !isWord || hasOpen(words) ? command : before.trim();
}

/** Whether a quote, a bracket or a backslash waits for its other half. */
function hasOpen(words: string): boolean {
  const count = (mark: RegExp): number => words.match(mark)?.length ?? 0;
  return (
    /['"\\]/.test(words) ||
    count(/`/g) % 2 > 0 ||
    count(/\(/g) !== count(/\)/g) ||
    count(/\{/g) !== count(/\}/g)
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
