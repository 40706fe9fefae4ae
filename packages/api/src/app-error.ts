/** What the world can refuse, by code: the one table from which exit statuses and HTTP's come. */
import { printText } from "@warren/core";
import type { Diagnostic, Phrase } from "@warren/core";

/** The command line itself is wrong (EX_USAGE of sysexits.h). */
export const USAGE = 64;
/** Something that is needed is not there, or does not answer (EX_UNAVAILABLE). */
const UNAVAILABLE = 69;

export const ERRORS = {
  usage: { exit: USAGE, status: 400 },
  /** We are wrong (EX_SOFTWARE): only a server says so, since others end by it. */
  internal: { exit: 70, status: 500 },
  "cannot-read": { exit: 2, status: 500 },
  "cannot-write": { exit: 2, status: 500 },
  busy: { exit: 75, status: 503 },
  /** The form or the meaning of what was sent is wrong. */
  invalid: { exit: 2, status: 422 },
  /** Nobody known asks. */
  unauthorised: { exit: 77, status: 401 },
  /** Somebody known asks, who may not. */
  forbidden: { exit: 77, status: 403 },
  "not-found": { exit: 2, status: 404 },
  /** What is there already is in the way. */
  conflict: { exit: 2, status: 409 },
  /** Somebody else has changed it since it was read. */
  stale: { exit: 75, status: 412 },
  "too-many": { exit: 75, status: 429 },
  /** The kernel, or a program that stands for it, has refused. */
  kernel: { exit: UNAVAILABLE, status: 500 },
  /** A server does not answer, or is not the one that is meant. */
  unreachable: { exit: UNAVAILABLE, status: 502 },
} as const satisfies Readonly<Record<string, { readonly exit: number; readonly status: number }>>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

export class AppError extends Error {
  readonly code: ErrorCode;
  /** The message, to be printed in any language; `message` is English. */
  readonly text: Phrase;
  readonly fix: Phrase;
  readonly file: string | undefined;
  /** Where it has several reasons, or one with a place in a document. */
  readonly details: readonly Diagnostic[];

  constructor(
    code: ErrorCode,
    text: Phrase,
    options: {
      readonly fix: Phrase;
      readonly file?: string;
      readonly cause?: unknown;
      readonly details?: readonly Diagnostic[];
    },
  ) {
    super(printText(text), { cause: options.cause });
    this.text = text;
    this.code = code;
    this.fix = options.fix;
    this.file = options.file;
    this.details = options.details ?? [];
  }

  /** Of a program that ends by it. */
  get exit(): number {
    return ERRORS[this.code].exit;
  }

  /** HTTP's. */
  get status(): (typeof ERRORS)[ErrorCode]["status"] {
    return ERRORS[this.code].status;
  }
}
