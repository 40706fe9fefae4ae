/** What `npm run dev` starts, again on each change of the code: the demo on port 8443, or on any other. */
import { join } from "node:path";
import { AppError, SERVER_PORT } from "@warren/api";
import { root } from "./children.ts";
import { startDemo } from "./demo.ts";

const FOLDER = join(root, "dev", "server");

// Whoever has started it is gone.
process.on("disconnect", () => process.exit());
const { link } = await startDemo(FOLDER, SERVER_PORT).catch((error: unknown) => {
  if (error instanceof AppError && error.code === "busy") return startDemo(FOLDER, 0);
  throw error;
});
console.log(
  `six simulated hosts, and a server that forgets; sign in, once by each link:\n  ${link}`,
);
