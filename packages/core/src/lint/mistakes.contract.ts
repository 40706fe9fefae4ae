/** All mistakes that the linter's tests plant. */
import { LINE_MISTAKES } from "./line-mistakes.contract.ts";
import { NODE_MISTAKES } from "./node-mistakes.contract.ts";
import type { Mistake } from "./planting.contract.ts";
import { WAY_MISTAKES } from "./way-mistakes.contract.ts";

export const MISTAKES: readonly Mistake[] = [...WAY_MISTAKES, ...NODE_MISTAKES, ...LINE_MISTAKES];
