/** What a request brings, of the form that the table of routes says: nothing is done with anything else. */
import { AppError, NO_FIELDS } from "@warren/api";
import type { Route } from "@warren/api";
import * as core from "@warren/core";

/** A mesh of 5,000 nodes as a document has some 2 MB: for those who have a role. */
const MOST_BYTES = 8_000_000;
/** What others may have us take in. */
const MOST_OF_ANYBODY = 16_000;
/** Who sends that much that is wrong need not hear more of it. */
const MOST_MISTAKES = 20;

/** What stands behind the question mark: words, read as those of a command line are. */
export function readQuery({ query }: Route, written: Readonly<Record<string, string>>): unknown {
  const words = Object.entries(written).map(([field, word]): [string, unknown] => {
    const { [field]: known } = query?.fields ?? {};
    return [field, known?.shape.fromWords([word], () => undefined) ?? word];
  });
  return readForm(query, Object.fromEntries(words));
}

export async function readBody({ need, body }: Route, request: Request): Promise<unknown> {
  const most = typeof need === "string" || body === undefined ? MOST_OF_ANYBODY : MOST_BYTES;
  return readForm(body, parseJson(await readText(request, most)));
}

/** Of a path. */
export function demandName(text = ""): core.Name {
  const name = core.parseName(text);
  if (!(name instanceof core.Problem)) return name;
  throw new AppError("invalid", name.message, { fix: name.fix });
}

/** Not a byte more than is wanted is taken in. */
async function readText({ body }: Request, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > most) {
      throw new AppError("invalid", core.say`what was sent is too long`, {
        fix: core.say`send at most ${most} bytes`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(written: string): unknown {
  const value = core.parseJson(written === "" ? "{}" : written);
  if (value !== undefined) return value;
  throw new AppError("invalid", core.say`what was sent is no JSON, or too deep`, {
    fix: core.say`send JSON, as /api/v1/openapi.json says`,
  });
}

function readForm(shape: core.Shape<unknown> = NO_FIELDS, value: unknown): unknown {
  const diagnostics = new core.Diagnostics({ most: MOST_MISTAKES });
  const read = shape.read(value, [], diagnostics);
  if (read !== undefined && !diagnostics.hasErrors) return read;
  const [first] = diagnostics.list;
  throw new AppError("invalid", first?.message ?? core.say`it has no form that is known here`, {
    fix: first?.fix ?? core.say`see /api/v1/openapi.json`,
    details: diagnostics.list,
  });
}
