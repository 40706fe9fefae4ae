/** Tests of where files can be opened in a window. */
import { expect, test } from "vitest";
import { findOpener } from "./desktop.ts";

test.each([
  ["darwin", {}, "open"],
  ["linux", { DISPLAY: ":0" }, "xdg-open"],
  ["linux", { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
  ["linux", { WAYLAND_DISPLAY: "", DISPLAY: "" }, undefined],
  ["linux", { WAYLAND_DISPLAY: "", DISPLAY: ":0" }, "xdg-open"],
  ["linux", {}, undefined],
])("findOpener() knows on %s with %j to take %s", (platform, environment, opener) => {
  expect(findOpener(platform, environment)).toBe(opener);
});
