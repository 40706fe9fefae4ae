/** What the YAML library says most, as sentences that have translations; in English word for word its own. */
import { printText, say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { retold } from "../terminal/retold.ts";

/** Takes the library's sentence in the form of ours: no capital, no period. What it rarely says stays English. */
export function sayYaml(sentence: string): Phrase {
  const fixed = fixedSentences().find((phrase) => printText(phrase) === sentence);
  return fixed ?? sayWithValues(sentence);
}

function fixedSentences(): readonly Phrase[] {
  return [
    say`missing closing 'quote`,
    say`missing closing "quote`,
    say`nested mappings are not allowed in compact mappings`,
    say`a block sequence may not be used as an implicit map key`,
    say`all mapping items must start at the same column`,
    say`all sequence items must start at the same column`,
    say`tabs are not allowed as indentation`,
    say`implicit keys need to be on a single line`,
    say`implicit keys of flow sequence pairs need to be on a single line`,
    say`implicit map keys need to be followed by map values`,
    say`comments must be separated from other tokens by white space characters`,
    say`tags and anchors must be separated from the next token by white space`,
    say`sequence item without - indicator`,
    say`missing directives-end indicator line`,
    say`missing directives-end/doc-start indicator line`,
    say`a node can have at most one anchor`,
    say`a node can have at most one tag`,
    say`an alias node must not specify any properties`,
    say`alias cannot be an empty string`,
    say`anchor cannot be an empty string`,
    say`block scalar values in collections must be indented`,
  ];
}

function sayWithValues(sentence: string): Phrase {
  return retold(sentence, [
    [/^unresolved tag: (.*)$/, (tag) => say`unresolved tag: ${tag}`],
    [/^invalid escape sequence (.*)$/, (escape) => say`invalid escape sequence ${escape}`],
    [
      /^plain value cannot start with (.*)$/,
      (start) => say`plain value cannot start with ${start}`,
    ],
    [
      /^missing , or : between (flow \w+) items$/,
      (parts) => say`missing , or : between ${parts} items`,
    ],
    [
      /^(flow \w+) in block .* and end with a (.)$/,
      (open, end) =>
        say`${open} in block collection must be sufficiently indented and end with a ${end}`,
    ],
    [
      /^unexpected (.*) token in YAML document: (.*)$/,
      (token, text) => say`unexpected ${token} token in YAML document: ${text}`,
    ],
    [/^unexpected (.*) in (.*)$/, (what, where) => say`unexpected ${what} in ${where}`],
    [/^unexpected (.*) at (.*)$/, (what, where) => say`unexpected ${what} at ${where}`],
  ]);
}
