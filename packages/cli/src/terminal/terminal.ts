/** Where commands print, and in which language: results on one stream, all talk about them on the other. */
import { printText } from "@warren/core";
import type { Catalogue, Phrase, Text } from "@warren/core";

export interface Terminal {
  /** A result, with its line break: standard output. */
  print(text: Text): void;
  /** Diagnostics, progress, questions: standard error. */
  say(text: Phrase): void;
  /** Overwrites one line of standard error with progress; nothing unless a person watches. */
  progress(text: Phrase): void;
  paint(style: Style, text: Text): string;
  /** A text in the language of this terminal. */
  readonly read: (text: Text) => string;
  /** How wide standard output is; undefined when nobody watches. */
  readonly columns: number | undefined;
  /** What opens a file in a window; undefined when nobody watches, or where there are no windows. */
  readonly opener: string | undefined;
}

/** Contrast: white on black whatever the terminal's own colours, for what a camera is to read. */
export type Style = "red" | "green" | "yellow" | "bold" | "dim" | "contrast";

const CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  contrast: "38;5;231;48;5;16",
};

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface TerminalOptions {
  readonly isColourWanted: boolean;
  readonly catalogue?: Catalogue | undefined;
  readonly opener?: string | undefined;
}

export function createTerminal(stdout: Stream, stderr: Stream, options: TerminalOptions): Terminal {
  const isWatched = stderr.isTTY === true;
  const isColoured = options.isColourWanted && isWatched && stdout.isTTY === true;
  const read = (text: Text): string => printText(text, options.catalogue);
  // A progress line is wiped before anything else is said.
  let wipe = "";
  const wiped = (text: string): string => {
    const before = wipe;
    wipe = "";
    return `${before}${text}`;
  };
  return {
    print(text) {
      if (wipe !== "") stderr.write(wiped(""));
      stdout.write(`${read(text)}\n`);
    },
    say(text) {
      stderr.write(wiped(`${read(text)}\n`));
    },
    progress(text) {
      if (!isWatched) return;
      stderr.write(wiped(read(text)));
      wipe = "\r\u001B[K";
    },
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    opener: stdout.isTTY === true ? options.opener : undefined,
    read,
    paint: (style, text) => {
      const plain = read(text);
      return isColoured ? `\u001B[${CODES[style]}m${plain}\u001B[0m` : plain;
    },
  };
}
