/** Keeps the YAML library within bounds: without them a file of 2 MB can take a minute and 4 GB. */
import { say } from "@warren/core";
import { Lexer, Parser } from "yaml";
import type { CST, LineCounter } from "yaml";
import { faultAt, MOST_FAULTS } from "./faults.ts";
import type { SyntaxFault } from "./faults.ts";

/** What the library reads one by one, each with some 500 bytes of memory: 10,000 nodes have 700,000. */
const MOST_LEXEMES = 1_000_000;
/** A mesh has six levels. The library calls itself for each, and the stack holds some hundreds. */
const DEEPEST = 64;

/** What the library's own parser reads, until there is too much of it: `stops` then says of what. */
export function* readTokens(
  text: string,
  lines: LineCounter,
  stops: SyntaxFault[],
  mostLexemes = MOST_LEXEMES,
): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  let faults = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === "error") faults += 1;
      yield token;
    }
    lexemes += 1;
    if (parser.stack.length > DEEPEST) {
      const offset = parser.stack.at(-1)?.offset ?? 0;
      const fix = say`look for a missing bracket, or an uneven indent, here or before`;
      stops.push(faultAt(lines, offset, say`it is nested too deeply here`, fix));
    } else if (lexemes > mostLexemes) {
      const fix = say`name a mesh file: 10,000 nodes take less`;
      const offset = lines.lineStarts.at(-1) ?? 0;
      stops.push(faultAt(lines, offset, say`the file goes on for too long`, fix));
    }
    if (stops.length > 0 || faults > MOST_FAULTS) break;
  }
  yield* parser.end();
}
