/** The page's files, read once: browsers get the TypeScript without its types. Knows no route. */
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

export interface Page {
  /** By the path under which a browser asks for it. */
  readonly files: ReadonlyMap<string, { readonly type: string; readonly text: string }>;
  /** Of every answer, the API's as well: what is opened by itself may do no more. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A picture carries its own style, and is no page. */
export const PICTURE_POLICY = [
  "Content-Security-Policy",
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
] as const;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FOLDER = join(import.meta.dirname, "page");

/** `isTrusted`: by an authority. A browser that was told to insist could not be let past a self-made one. */
export function readPage({ isTrusted }: { readonly isTrusted: boolean }): Page {
  return {
    files: new Map([
      ["/", { type: "text/html; charset=utf-8", text: readText("index.html") }],
      ["/thin.sh", { type: "text/plain; charset=utf-8", text: readText("../thin.sh") }],
      ["/style.css", { type: "text/css; charset=utf-8", text: readText("style.css") }],
      ...readdirSync(FOLDER)
        .filter((name) => name.endsWith(".ts"))
        .map((name) => {
          const text = stripTypeScriptTypes(readText(name));
          return [`/${name}`, { type: "text/javascript; charset=utf-8", text }] as const;
        }),
    ]),
    headers: {
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
      ...(isTrusted ? { "Strict-Transport-Security": "max-age=31536000" } : {}),
    },
  };
}

function readText(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}
