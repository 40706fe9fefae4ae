/** The API's description for others' programs: OpenAPI 3.1, made of the table of routes. */
import type { JsonSchema, Shape } from "@warren/core";
import { ERRORS } from "./app-error.ts";
import { API } from "./client.ts";
import { routes } from "./routes.ts";
import type { Need, Route } from "./routes.ts";
import { refusal } from "./views.ts";

export function openApi(): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Warren",
      version: "1",
      description:
        "What a server of Warren's can be asked. A mesh is what warren.yaml holds, as JSON.",
    },
    servers: [{ url: API }],
    paths,
    components: {
      schemas: { Refusal: refusalSchema() },
      responses: {
        Refused: {
          description: "Why not, and the way out.",
          content: json({ $ref: "#/components/schemas/Refusal" }),
        },
      },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "An API token (wrt_…), or a node's credential (wrc_…).",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-warren",
          description:
            "Of a browser that has signed in; a change carries the header X-Warren, too.",
        },
      },
    },
  };
}

function operation(name: string, route: Route): JsonSchema {
  const { about, need, body, answer } = route;
  const parameters = parametersOf(route);
  return {
    operationId: name,
    summary: about,
    security: schemesFor(need),
    "x-need": need,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf(body) }),
    responses: {
      "200": { description: "Done.", content: json(plain(answer.schema, { isOpen: true })) },
      default: { $ref: "#/components/responses/Refused" },
    },
  };
}

function parametersOf({ method, path, query }: Route): readonly JsonSchema[] {
  const text = { type: "string" };
  const isGuarded = method !== "GET" && path.includes("/:network");
  const guard = "Only while the network's mesh is still what had this tag: else 412.";
  return [
    ...[...path.matchAll(/:(\w+)/g)].map(([, part]) => ({
      name: part,
      in: "path",
      required: true,
      schema: text,
    })),
    ...Object.entries(query?.fields ?? {}).map(([field, { about: description, shape }]) => ({
      name: field,
      in: "query",
      description,
      schema: shape.schema,
    })),
    ...(isGuarded ? [{ name: "If-Match", in: "header", description: guard, schema: text }] : []),
  ];
}

function schemesFor(need: Need): readonly JsonSchema[] {
  if (need === "nobody") return [];
  return need === "node" ? [{ bearer: [] }] : [{ bearer: [] }, { cookie: [] }];
}

function bodyOf({ schema, fields = {} }: Shape<unknown>): JsonSchema {
  const required = Object.values(fields).some(({ isRequired }) => isRequired);
  return { required, content: json(plain(schema, { isOpen: false })) };
}

function json(schema: JsonSchema): JsonSchema {
  return { "application/json": { schema } };
}

/**
 * A document may have one item without its brackets, and an empty mapping; programs had better not. An
 * answer of a newer server may have fields that are not known here: it is `isOpen`.
 */
function plain(schema: JsonSchema, how: { readonly isOpen: boolean }): JsonSchema {
  const { anyOf, ...rest } = schema;
  const [many] = Array.isArray(anyOf) ? (anyOf as readonly JsonSchema[]) : [];
  if (many?.["type"] === "array") return { ...rest, ...plain(many, how) };
  const known = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    if (keyword === "type" && Array.isArray(value)) return [[keyword, value[0]]];
    if (keyword === "items") return [[keyword, plain(value as JsonSchema, how)]];
    if (keyword === "additionalProperties" && value === false && how.isOpen) return [];
    if (keyword !== "properties") return [[keyword, value]];
    const fields = Object.entries(value as Readonly<Record<string, JsonSchema>>);
    return [[keyword, Object.fromEntries(fields.map(([key, each]) => [key, plain(each, how)]))]];
  });
  return Object.fromEntries(known);
}

/** With all codes that there are, and HTTP's status of each. */
function refusalSchema(): JsonSchema {
  const schema = plain(refusal.schema, { isOpen: true });
  const codes = Object.entries(ERRORS).map(([code, { status }]) => `${code} (${status})`);
  return { ...schema, description: `error.code is one of: ${codes.join(", ")}.` };
}
