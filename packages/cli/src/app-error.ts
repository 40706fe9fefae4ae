/** What the world can refuse, by code: the one table from which exit statuses come. */
import { printText } from "@warren/core";
import type { Text } from "@warren/core";

const EXITS = {
  /** The command line itself is wrong (EX_USAGE of sysexits.h). */
  usage: 64,
  "cannot-read": 2,
  "cannot-write": 2,
  busy: 75,
} as const;

export type ErrorCode = keyof typeof EXITS;

export class AppError extends Error {
  readonly code: ErrorCode;
  /** The message, to be printed in any language; `message` is English. */
  readonly text: Text;
  readonly fix: Text;
  readonly file: string | undefined;

  constructor(
    code: ErrorCode,
    text: Text,
    options: { readonly fix: Text; readonly file?: string; readonly cause?: unknown },
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
export function describeSystem(error: unknown): { readonly why: Text; readonly fix: Text } {
  switch (systemCode(error)) {
    case "ENOENT":
      return { why: "no such file or folder", fix: "check the path" };
    case "EACCES":
    case "EPERM":
      return { why: "permission denied", fix: "run as its owner, or choose another place" };
    case "EROFS":
      return { why: "the file system is read-only", fix: "choose a place that can be written" };
    case "ENOSPC":
    case "EDQUOT":
      return { why: "no space is left", fix: "free some and run it again" };
    case "EISDIR":
      return { why: "it is a folder", fix: "name a file" };
    case "ENOTDIR":
    case "EEXIST":
      return { why: "a file stands where a folder is needed", fix: "move it away" };
    default:
      return {
        why: error instanceof Error ? error.message : String(error),
        fix: "see the message",
      };
  }
}
