/** Tests of the API's description, by OpenAPI's own rules and against what is published. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "./app-error.ts";
import { openApi } from "./openapi.ts";

type Json = { readonly [key: string]: Json } & readonly Json[] & string;

const METHODS = new Set(["get", "put", "post", "delete", "patch"]);
const PLACES = new Set(["path", "query", "header"]);
/** Of JSON Schema, those that we use. A word that is none of them is ignored by whoever reads it. */
const KEYWORDS = new Set(
  [
    "$ref additionalProperties anyOf description enum items maximum minimum pattern properties",
    "required type format",
  ].flatMap((line) => line.split(" ")),
);

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
    "setNetwork twice
    get /session: no scheme baerer
    post /accounts/{account}/link: parameters of the path
    post /accounts/{account}/link: body: kode is required and unknown
    put /accounts/{account}: body.rev: min is no keyword
    remove /join: no method
    no components/responses/Refusal"
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
  const missing = ["openapi", "info", "paths", "components"].filter((key) => !(key in document));
  const operations = Object.entries(document["paths"] ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const ids = operations.map(({ operation }) => operation["operationId"] ?? "");
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  const schemes = Object.keys(document["components"]?.["securitySchemes"] ?? {});
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]*)"/g)];
  const lost = refs.flatMap(([, ref = ""]) => {
    const found = ref.split("/").reduce<Json | undefined>((at, part) => at?.[part], document);
    return found === undefined ? [`no ${ref}`] : [];
  });
  return [
    ...missing.map((key) => `no ${key}`),
    ...twice.map((id) => `${id} twice`),
    ...operations.flatMap((each) => findInOperation(each, schemes)),
    ...new Set(lost),
  ];
}

function findInOperation(
  {
    path,
    method,
    operation,
  }: { readonly path: string; readonly method: string; readonly operation: Json },
  schemes: readonly string[],
): readonly string[] {
  const mistakes: string[] = [];
  if (!/^\/[\w/{}.-]+$/.test(path)) mistakes.push("path");
  if (!METHODS.has(method)) mistakes.push("no method");
  const { parameters, security, requestBody } = operation;
  const responses = (operation["responses"] ?? {}) as Readonly<Record<string, Json>>;
  const all: readonly Json[] = parameters ?? [];
  const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const declared = all.filter(({ in: place }) => place === "path");
  const isRequired = declared.every((each) => JSON.stringify(each["required"]) === "true");
  if (declared.map(({ name }) => name).join() !== wanted.join() || !isRequired) {
    mistakes.push("parameters of the path");
  }
  for (const { name, in: place, schema } of all) {
    if (!PLACES.has(String(place))) mistakes.push(`${name} in ${place}`);
    checkSchema(schema, String(name), mistakes);
  }
  const used = ((security ?? []) as readonly Json[]).flatMap((each) => Object.keys(each));
  const strange = used.filter((scheme) => !schemes.includes(scheme));
  mistakes.push(...strange.map((scheme) => `no scheme ${scheme}`));
  if (method === "get" && requestBody !== undefined) mistakes.push("a body");
  for (const [status, response] of Object.entries(responses)) {
    const isSaid = "$ref" in response || "description" in response;
    if (!/^([1-5]\d\d|default)$/.test(status) || !isSaid) mistakes.push(`answer ${status}`);
  }
  const bodies = [requestBody, ...Object.values(responses)];
  for (const content of bodies.map((each) => each?.["content"])) {
    if (content !== undefined)
      checkSchema(content["application/json"]?.["schema"], "body", mistakes);
  }
  return mistakes.map((mistake) => `${method} ${path}: ${mistake}`);
}

function checkSchema(schema: Json | undefined, at: string, mistakes: string[]): void {
  if (schema === undefined) {
    mistakes.push(`${at}: no schema`);
    return;
  }
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword)) mistakes.push(`${at}: ${keyword} is no keyword`);
  }
  const { properties, required = [], items } = schema;
  for (const name of required) {
    if (properties?.[name] === undefined) mistakes.push(`${at}: ${name} is required and unknown`);
  }
  for (const [name, each] of Object.entries(properties ?? {}))
    checkSchema(each, `${at}.${name}`, mistakes);
  if (items !== undefined) checkSchema(items, `${at}[]`, mistakes);
}
