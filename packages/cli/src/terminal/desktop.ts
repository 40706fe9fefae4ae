/** The desktop of whoever runs a command, if there is one: what opens a file there. */
import { spawn } from "node:child_process";

/** The program that opens a file as a double click does; undefined where there is no display. */
export function findOpener(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (platform === "darwin") return "open";
  const displays = [environment["WAYLAND_DISPLAY"], environment["DISPLAY"]];
  return displays.some((display = "") => display !== "") ? "xdg-open" : undefined;
}

/** Starts it, and goes on while it runs; whether there is such a program. */
export async function openFile(opener: string, file: string): Promise<boolean> {
  // A group of its own: the browser outlives the terminal.
  const child = spawn(opener, [file], { detached: true, stdio: "ignore" });
  child.unref();
  return new Promise((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
}
