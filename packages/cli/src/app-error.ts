/** What the world can refuse, by code: the one table from which exit statuses come. */
import { printText, say } from "@warren/core";
import type { Phrase } from "@warren/core";

/** The command line itself is wrong (EX_USAGE of sysexits.h). */
export const USAGE = 64;

const EXITS = {
  usage: USAGE,
  "cannot-read": 2,
  "cannot-write": 2,
  busy: 75,
} as const;

export type ErrorCode = keyof typeof EXITS;

export class AppError extends Error {
  readonly code: ErrorCode;
  /** The message, to be printed in any language; `message` is English. */
  readonly text: Phrase;
  readonly fix: Phrase;
  readonly file: string | undefined;

  constructor(
    code: ErrorCode,
    text: Phrase,
    options: { readonly fix: Phrase; readonly file?: string; readonly cause?: unknown },
  ) {
    super(printText(text), { cause: options.cause });
    this.text = text;
    this.code = code;
    this.fix = options.fix;
    this.file = options.file;
  }

  get exit(): number {
    return EXITS[this.code];
  }
}

/** The system's own word for a failure (`ENOENT`), where it has one. */
export function systemCode(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

/** The system's failures in words, with what usually helps. */
export function describeSystem(error: unknown): { readonly why: Phrase; readonly fix: Phrase } {
  switch (systemCode(error)) {
    case "ENOENT":
      return { why: say`no such file or folder`, fix: say`check the path` };
    case "EACCES":
    case "EPERM":
      return { why: say`permission denied`, fix: say`run as its owner, or choose another place` };
    case "EROFS":
      return {
        why: say`the file system is read-only`,
        fix: say`choose a place that can be written`,
      };
    case "ENOSPC":
    case "EDQUOT":
      return { why: say`no space is left`, fix: say`free some and run it again` };
    case "EISDIR":
      return { why: say`it is a folder`, fix: say`name a file` };
    case "ELOOP":
      return {
        why: say`its links lead in a circle`,
        fix: say`name the file itself, or mend the link`,
      };
    case "ENOTDIR":
    case "EEXIST":
      return { why: say`a file stands where a folder is needed`, fix: say`move it away` };
    default:
      return {
        why: say`${error instanceof Error ? error.message : String(error)}`,
        fix: say`see the message`,
      };
  }
}
