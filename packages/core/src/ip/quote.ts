/** Shows text a user wrote inside a message; it must not know what the text was meant to be. */

// Long enough for the longest address, key or endpoint worth reading, short enough for one line.
const maxQuotedCharacters = 80;

/**
 * Quotes text so that it cannot break the line, move the cursor or reorder what stands around it.
 * Control, format and line-separating characters are escaped; beyond 80 characters an ellipsis stands for the rest.
 */
export function quote(text: string): string {
  const shown =
    text.length > maxQuotedCharacters ? `${text.slice(0, maxQuotedCharacters - 1)}…` : text;
  // JSON escapes quotes, backslashes, C0 controls and lone surrogates; the rest is for terminals.
  return JSON.stringify(shown).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
