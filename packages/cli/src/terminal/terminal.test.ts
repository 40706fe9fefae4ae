/** Tests of where text goes, and of what only a person sees. */
import { say } from "@warren/core";
import { expect, test } from "vitest";
import { createTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** What a terminal writes, stream by stream, in order. */
function record(
  use: (terminal: Terminal) => void,
  { isTTY, isColourWanted = true }: { readonly isTTY: boolean; readonly isColourWanted?: boolean },
): readonly string[] {
  const written: string[] = [];
  const stream = (name: string): { isTTY: boolean; write(text: string): void } => ({
    isTTY,
    write: (text) => void written.push(`${name} ${JSON.stringify(text)}`),
  });
  use(createTerminal(stream("out"), stream("err"), { isColourWanted }));
  return written;
}

test("createTerminal() parts results from talk, without colour and progress where nobody watches", () => {
  const use = (terminal: Terminal): void => {
    terminal.progress(say`1 of 2`);
    terminal.print(terminal.paint("green", "result"));
    terminal.say(say`${terminal.paint("red", "talk")}`);
  };
  expect(record(use, { isTTY: false })).toEqual(['out "result\\n"', 'err "talk\\n"']);
});

test("createTerminal() wipes progress before anything else is said", () => {
  const use = (terminal: Terminal): void => {
    terminal.progress(say`1 of 2`);
    terminal.progress(say`2 of 2`);
    terminal.print("result");
    terminal.progress(say`3 of 2`);
    terminal.say(say`talk`);
    terminal.say(say`more`);
  };
  expect(record(use, { isTTY: true })).toEqual([
    'err "1 of 2"',
    'err "\\r\\u001b[K2 of 2"',
    'err "\\r\\u001b[K"',
    'out "result\\n"',
    'err "3 of 2"',
    'err "\\r\\u001b[Ktalk\\n"',
    'err "more\\n"',
  ]);
});

test("createTerminal() paints for a person, unless that is not wanted", () => {
  const use = (terminal: Terminal): void => terminal.print(terminal.paint("red", "x"));
  expect(record(use, { isTTY: true })).toEqual(['out "\\u001b[31mx\\u001b[0m\\n"']);
  expect(record(use, { isTTY: true, isColourWanted: false })).toEqual(['out "x\\n"']);
});

test("createTerminal() shows what a camera is to read in white on black, also on a light ground", () => {
  const use = (terminal: Terminal): void => terminal.print(terminal.paint("contrast", "code"));
  expect(record(use, { isTTY: true })).toEqual([
    'out "\\u001b[38;5;231;48;5;16mcode\\u001b[0m\\n"',
  ]);
});
