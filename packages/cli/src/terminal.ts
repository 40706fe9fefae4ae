/** Where commands print: results on one stream, all talk about them on the other. */

export interface Terminal {
  /** A result, with its line break: standard output. */
  print(text: string): void;
  /** Diagnostics, progress, questions: standard error. */
  say(text: string): void;
  /** Overwrites one line of standard error with progress; nothing unless a person watches. */
  progress(text: string): void;
  paint(style: Style, text: string): string;
  /** How wide standard output is; undefined when nobody watches. */
  readonly columns: number | undefined;
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

export function createTerminal(
  stdout: Stream,
  stderr: Stream,
  options: { readonly isColourWanted: boolean },
): Terminal {
  const isWatched = stderr.isTTY === true;
  const isColoured = options.isColourWanted && isWatched && stdout.isTTY === true;
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
      stdout.write(`${text}\n`);
    },
    say(text) {
      stderr.write(wiped(`${text}\n`));
    },
    progress(text) {
      if (!isWatched) return;
      stderr.write(wiped(text));
      wipe = "\r\u001B[K";
    },
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    paint: (style, text) => (isColoured ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text),
  };
}
