/** What the system refuses of a file, in words and with a way out: by the names of its errors, from whatever world they come. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { AppError } from "./app-error.ts";

/** The system's own word for a failure (`ENOENT`), where it has one. */
export function systemCode(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

/** The system's failures in words, with what usually helps. */
export function describeSystem(error: unknown): { readonly why: Phrase; readonly fix: Phrase } {
  const denied = [say`permission denied`, say`run as its owner, or choose another place`] as const;
  const full = [say`no space is left`, say`free some and run it again`] as const;
  const inTheWay = [say`a file stands where a folder is needed`, say`move it away`] as const;
  const known = new Map<string, readonly [why: Phrase, fix: Phrase]>([
    ["ENOENT", [say`no such file or folder`, say`check the path`]],
    ["EACCES", denied],
    ["EPERM", denied],
    ["EROFS", [say`the file system is read-only`, say`choose a place that can be written`]],
    ["ENOSPC", full],
    ["EDQUOT", full],
    ["EISDIR", [say`it is a folder`, say`name a file`]],
    ["ELOOP", [say`its links lead in a circle`, say`name the file itself, or mend the link`]],
    ["ENOTDIR", inTheWay],
    ["EEXIST", inTheWay],
  ]);
  const message = error instanceof Error ? error.message : String(error);
  const [why, fix] = known.get(systemCode(error)) ?? [say`${message}`, say`see the message`];
  return { why, fix };
}

/** What the system refuses of a file; what was said of it already stays as it was said. */
export function refusalOf(
  code: "cannot-read" | "cannot-write",
  file: string,
  cause: unknown,
): AppError {
  if (cause instanceof AppError) return cause;
  const { why, fix } = describeSystem(cause);
  const text = code === "cannot-read" ? say`cannot read: ${why}` : say`cannot write: ${why}`;
  return new AppError(code, text, { fix, file, cause });
}
