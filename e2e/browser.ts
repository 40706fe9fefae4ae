/** The system's Chromium, for tests of what a browser makes of our pages and pictures. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

/** Undefined where it is not installed. */
export async function launchBrowser(): Promise<Browser | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const executablePath = folders
    .map((each) => join(each, "chromium"))
    .find((each) => existsSync(each));
  if (executablePath === undefined) return undefined;
  // Its own sandbox needs more than a container has, and all that it shows is ours.
  // On a busy machine its first start takes as long as a machine's boot.
  return await chromium.launch({ args: ["--no-sandbox"], executablePath, timeout: 120_000 });
}
