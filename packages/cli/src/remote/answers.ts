/** What another host answered, as text that nothing was believed of yet, and why it did not. */

/** What a program answered: a word and the rest of the line; or what became of it instead. */
export type Answer = { readonly kind: "answered"; readonly lines: readonly AnswerLine[] } | Failure;

export interface Failure {
  readonly kind: "failed";
  readonly code: string;
  readonly detail: string;
  /** The connection failed or broke: what the host heard, and has done since, is not known. */
  readonly isCut?: true;
}

export type AnswerLine = readonly [word: string, rest: string];

/** How a process ended, and what it said. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/** The status of ssh itself, whatever a command answers. */
export const SSH_FAILED = 255;
/** The status of the loader, when it cannot put down what it was sent. */
export const NO_ROOM = 90;
/** No status of a process: it was ended because it went on and on. */
export const TOO_LONG = -1;

/** What ssh and sudo say when they refuse; they say it in English where LC_MESSAGES does. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/ENOENT/, "no-ssh"],
  [/Could not resolve hostname/, "unknown-host"],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, "host-key-changed"],
  [/Host key verification failed|No \S+ host key is known/, "host-key-unknown"],
  [/Connection refused/, "refused"],
  [/kex_exchange_identification|Connection (?:closed|reset) by|banner exchange/, "turned-away"],
  [/timed out|No route to host|[Uu]nreachable/, "no-answer"],
  [/Permission denied|Too many authentication failures/, "not-let-in"],
  [/tty to run sudo/, "sudo-tty"],
  [/sudo: .*password|terminal is required/, "sudo-password"],
  [/sudo: .*not found|^env: .*sudo|not in the sudoers|may not run/m, "no-sudo"],
  [/No space left on device/, "no-space"],
  [/Read-only file system/, "read-only"],
];

/** Nothing of what a host says may move a terminal's cursor or turn its letters round. */
export function answerOf(outcome: Outcome): Answer {
  const { status } = outcome;
  const errors = printable(outcome.errors);
  const lines = printable(outcome.output)
    .split("\n")
    .flatMap((line): AnswerLine[] => {
      const at = line.indexOf(" ");
      if (line === "") return [];
      return [at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)]];
    });
  // A program that fails ends with it; what it keeps all the same may be told after.
  const last = lines.findLast(([word]) => word !== "kept");
  if (last?.[0] === "fail") {
    const [, code = "defect", detail = ""] = /^([a-z-]+)(?: (.*))?$/.exec(last[1]) ?? [];
    return { kind: "failed", code, detail };
  }
  if (status === 0) return { kind: "answered", lines };
  const code = codeOf(status, errors);
  const failure = { kind: "failed", code, detail: lastLine(errors) } as const;
  return status === SSH_FAILED ? { ...failure, isCut: true } : failure;
}

/** ssh ends its lines as a terminal would want them. */
function printable(text: string): string {
  return text
    .replaceAll(/\r(?=\n|$)/g, "")
    .replaceAll(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\uFFFD");
}

function codeOf(status: number, errors: string): string {
  if (status === NO_ROOM) return "no-room";
  if (status === TOO_LONG) return "too-long";
  const known = REFUSALS.find(([pattern]) => pattern.test(errors))?.[1];
  if (known !== undefined) return known;
  return status === SSH_FAILED ? "lost" : "defect";
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
