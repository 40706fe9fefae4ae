/** Tests of the API's description, by OpenAPI's own rules and against what is published. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "./app-error.ts";
import { openApi } from "./openapi.ts";

type Json = { readonly [key: string]: Json } & readonly Json[] & string;

const METHODS = ["get", "put", "post", "delete", "patch"];
/** Of JSON Schema, those that we use. A word that is none of them is ignored by whoever reads it. */
const KEYWORDS = [
  "$ref additionalProperties anyOf description enum items maximum minimum pattern properties",
  "required type format",
].flatMap((line) => line.split(" "));

test("openApi() is the one that is published", () => {
  const file = new URL("../../../docs/openapi.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(openApi())));
});

test("openApi() keeps OpenAPI's rules", () => {
  const document = JSON.parse(JSON.stringify(openApi())) as Json;
  expect(findMistakes(document)).toEqual([]);
  // Each rule is one that can be broken.
  const broken = JSON.stringify(document)
    .replace('"operationId":"setNode"', '"operationId":"setNetwork"')
    .replace('"name":"account","in":"path"', '"name":"acount","in":"path"')
    .replace("#/components/responses/Refused", "#/components/responses/Refusal")
    .replace('"security":[{"bearer":[]}', '"security":[{"baerer":[]}')
    .replace('"required":["link","code"]', '"required":["link","kode"]')
    .replace('"minimum":0', '"min":0')
    .replace('"delete":{"operationId":"leave"', '"remove":{"operationId":"leave"');
  expect(findMistakes(JSON.parse(broken) as Json).join("\n")).toMatchInlineSnapshot(`
    "get /session: no scheme baerer
    post /accounts/{account}/link: path
    post /accounts/{account}/link: kode is required and unknown
    put /accounts/{account}.rev: min is no keyword
    patch /networks/{network}/nodes/{node}: setNetwork twice
    remove /join: no method
    no #/components/responses/Refusal"
  `);
});

test("openApi() names every code of a refusal", () => {
  const text = JSON.stringify(openApi());
  for (const code of Object.keys(ERRORS)) expect(text).toContain(`${code} (`);
});

test("openApi() has lists as lists, and answers to which fields may be added", () => {
  const { paths } = openApi() as unknown as { paths: Json };
  const { get, post } = paths["/networks/{network}/tokens"] ?? ({} as Json);
  expect(JSON.stringify(get)).not.toMatch(/anyOf|"null"|"additionalProperties":false/);
  expect(get?.["responses"]?.["200"]).toMatchObject({
    content: { "application/json": { schema: { type: "array", items: { type: "object" } } } },
  });
  expect(post?.["requestBody"]).toMatchObject({
    required: false,
    content: { "application/json": { schema: { additionalProperties: false } } },
  });
});

/** By the OpenAPI Specification 3.1.1: 4.8.8 to 4.8.12 and 4.8.30. */
function findMistakes(document: Json): readonly string[] {
  const mistakes: string[] = [];
  const seen = new Set<string>();
  for (const key of ["openapi", "info", "paths", "components"]) {
    if (document[key] === undefined) mistakes.push(`no ${key}`);
  }
  for (const [path, item] of Object.entries(document["paths"] ?? {})) {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
    if (!path.startsWith("/") || path.includes(":")) mistakes.push(`path ${path}`);
    for (const [method, operation] of Object.entries(item)) {
      const at = `${method} ${path}`;
      if (!METHODS.includes(method)) mistakes.push(`${at}: no method`);
      const {
        operationId = "",
        parameters = [],
        security = [],
        responses,
        requestBody,
      } = operation;
      if (seen.has(operationId)) mistakes.push(`${at}: ${operationId} twice`);
      seen.add(operationId);
      const all = parameters as unknown as readonly Json[];
      const declared = all.filter(({ in: place }) => place === "path");
      if (declared.map(({ name }) => name).join() !== wanted.join()) mistakes.push(`${at}: path`);
      for (const { name, in: place, schema } of all) {
        if (!["path", "query", "header"].includes(String(place))) mistakes.push(`${at}: ${place}`);
        checkSchema(schema, `${at}: ${name}`, mistakes);
      }
      if (declared.some(({ required }) => required !== (true as unknown)))
        mistakes.push(`${at}: required`);
      for (const scheme of (security as readonly Json[]).flatMap((each) => Object.keys(each))) {
        if (document["components"]?.["securitySchemes"]?.[scheme] === undefined)
          mistakes.push(`${at}: no scheme ${scheme}`);
      }
      if (method === "get" && requestBody !== undefined) mistakes.push(`${at}: a body`);
      for (const [status, response] of Object.entries(responses ?? {})) {
        if (!/^([1-5]\d\d|default)$/.test(status)) mistakes.push(`${at}: ${status}`);
        if (response["$ref"] === undefined && response["description"] === undefined)
          mistakes.push(`${at}: ${status} says nothing`);
      }
      for (const { content } of [requestBody, ...Object.values(responses ?? {})].filter(
        (each) => each !== undefined,
      ) as Json[]) {
        if (content !== undefined)
          checkSchema(content["application/json"]?.["schema"], at, mistakes);
      }
    }
  }
  for (const [, ref = ""] of JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)) {
    const found = ref
      .slice(2)
      .split("/")
      .reduce<Json | undefined>((at, part) => at?.[part], document);
    if (!ref.startsWith("#/") || found === undefined) mistakes.push(`no ${ref}`);
  }
  return mistakes;
}

function checkSchema(schema: Json | undefined, at: string, mistakes: string[]): void {
  if (schema === undefined) {
    mistakes.push(`${at}: no schema`);
    return;
  }
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.includes(keyword)) mistakes.push(`${at}: ${keyword} is no keyword`);
  }
  const { properties, required = [], items } = schema;
  for (const name of required) {
    if (properties?.[name] === undefined) mistakes.push(`${at}: ${name} is required and unknown`);
  }
  for (const [name, each] of Object.entries(properties ?? {}))
    checkSchema(each, `${at}.${name}`, mistakes);
  if (items !== undefined) checkSchema(items, `${at}[]`, mistakes);
}
