/** The public list of the core: what other packages may know of it. */
export { Problem } from "./problem.ts";
