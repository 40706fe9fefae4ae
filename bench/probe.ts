/** Loaded into a measured process: writes down its peak memory (resident, in KiB) as it exits. */
import { writeFileSync } from "node:fs";

const file = process.env["WARREN_PEAK_FILE"];
process.on("exit", () => {
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS));
});
