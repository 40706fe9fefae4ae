/** Tests of the names. */
import { expect, test } from "vitest";
import { fileNames, functionNames, typeNames } from "./names.ts";
import { checkText } from "./sample.ts";

test.each([
  "packages/core/src/prefixSet.ts",
  "packages/core/src/prefix_set.ts",
  "packages/core/src/Prefix.ts",
  "docs/guide/First Steps.md",
  "docs/guide/two-hosts.zh-CN.txt",
])("fileNames() wants kebab-case in place of %s", (path) => {
  expect(checkText(fileNames, "", path)).toEqual(["1: the name is not kebab-case"]);
});

test.each([
  "packages/core/src/utils.ts",
  "packages/core/src/utils.test.ts",
  "packages/core/src/ip-utils.ts",
  "packages/core/src/helpers/ip.ts",
  "packages/core/src/plan/index.ts",
  "tools/mesh-manager.ts",
])("fileNames() finds no meaning in %s", (path) => {
  expect(checkText(fileNames, "", path)).toEqual(["1: the name says nothing"]);
});

test.each([
  "packages/core/src/prefix-set.test.ts",
  "packages/core/src/common-prefix.ts",
  "packages/core/src/base64.ts",
  "packages/web/src/app.tsx",
  "docs/guide/service.md",
  "docs/guide/two-hosts.zh-CN.md",
  "README.zh-CN.md",
  ".github/CODE_OF_CONDUCT.md",
  ".oxlintrc.json",
  "examples/two-sites.case",
])("fileNames() accepts %s", (path) => {
  expect(checkText(fileNames, "", path)).toEqual([]);
});

test.each([
  "class MeshManager {}",
  "export interface Helper {}",
  "type NodeUtils = 1;",
  "export class IndexBase {}",
])("typeNames() finds no meaning in: %s", (text) => {
  expect(checkText(typeNames, text)).toHaveLength(1);
});

test.each([
  "export interface Index {}",
  "type BaseAddress = 1;",
  "class Database {}",
  "function utils() {}",
])("typeNames() accepts: %s", (text) => {
  expect(checkText(typeNames, text)).toEqual([]);
});

test.each([
  "export function getNode() {}",
  "export async function handle() {}",
  "export function processMesh() {}",
  "function doIt() {}\nexport { doIt };",
])("functionNames() finds no verb in: %s", (text) => {
  expect(checkText(functionNames, text)).toHaveLength(1);
});

test.each([
  "function getNode() {}",
  "export class Prefixes { get(key) {} }",
  "export function gettext() {}",
  "export function index() {}",
  "export function domainOf() {}",
])("functionNames() accepts: %s", (text) => {
  expect(checkText(functionNames, text)).toEqual([]);
});
