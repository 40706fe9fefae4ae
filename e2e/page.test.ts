/** The page on the server's port, as a browser has it: real server, real agents, kernels in memory. */
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { parseJoinToken } from "@warren/api";
import { Problem } from "@warren/core";
import { launchBrowser } from "./browser.ts";
import { ControlPlane, letFlow } from "./control-plane.ts";
import { TemporaryFolder } from "./lab-run.ts";

const NETWORK = "office";

let browser: Browser | undefined;
let folder: TemporaryFolder;
let plane: ControlPlane;
/** Whatever a page has said to its console, or done against its policy. */
let said: string[];

beforeAll(async () => {
  const launched = await launchBrowser();
  if (launched !== undefined) browser = launched;
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async (ctx) => {
  if (browser === undefined) return ctx.skip("chromium is not installed");
  folder = new TemporaryFolder();
  plane = await ControlPlane.start(folder.path);
  said = [];
  await plane.call("createNetwork", { body: { name: NETWORK as never, isOpen: true } });
});

afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  await plane?.close();
  folder?.remove();
});

test("the page signs in by a link, shows four nodes, approves a fifth, and removes it", async () => {
  await joinFour();
  const { ended } = await plane.join(NETWORK, "e");
  const link = await plane.createLink();
  const page = await open(link, { locale: "en-GB" });
  await expectStates(page, {
    a: "up to date",
    b: "up to date",
    c: "up to date",
    d: "up to date",
    e: "waiting for approval",
  });
  expect(page.url()).toBe(`${plane.origin}/#network=${NETWORK}`);
  expect(await cellsOf(page, "a")).toEqual([
    "10.77.0.1",
    "203.0.113.1:51820",
    expect.stringMatching(/^(\d+) of \1$/),
    expect.stringMatching(/^3 of 3newest \d\d:\d\d$/),
    "↓ 3 KiB↑ 6 MiB",
  ]);
  await page.evaluate("window.isTheSame = true");
  await page.getByRole("button", { name: "Approve e" }).click();
  await expectStates(page, { e: "up to date" });
  expect(await page.getByRole("status").textContent()).toBe("5 nodes, 5 up to date");
  await vi.waitUntil(async () => (await picture(page)).includes(">e<"));
  await page.getByRole("button", { name: "Remove e" }).click();
  await page.getByRole("dialog", { name: "Remove e?" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expectStates(page, { e: "up to date" });
  await page.getByRole("button", { name: "Remove e" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("rowheader", { name: "e", exact: true }).waitFor({ state: "detached" });
  expect(await ended).toBe("revoked");
  expect(await page.evaluate("window.isTheSame && document.activeElement.tagName")).toBe("H1");
  await vi.waitUntil(async () => !(await picture(page)).includes(">e<"));
  expect(said).toEqual([]);
  const other = await open(link, { locale: "en-GB" });
  expect(await other.getByRole("alert").locator("p").allTextContents()).toEqual([
    "this link has been used, or has expired",
    "warren login gives a new one",
  ]);
  expect(other.url()).toBe(`${plane.origin}/`);
  const chinese = await open(link, { locale: "zh-CN" });
  expect(await chinese.getByRole("alert").locator("p").allTextContents()).toEqual([
    "这个链接已经用过或已过期",
    "warren login 会给出新的",
  ]);
  expect(said).toEqual([REFUSED, REFUSED]);
});

/** The browser's own word for a link that is refused. */
const REFUSED =
  "error: Failed to load resource: the server responded with a status of 401 (Unauthorized)";

test("the page makes a join token, shows it once, and copies it", async () => {
  const page = await open(await plane.createLink(), {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.getByRole("button", { name: "Create a join token" }).click();
  const dialog = page.getByRole("dialog", { name: "A join token" });
  const command = (await dialog.locator("code").textContent()) ?? "";
  expect(parseJoinToken(command.replace("sudo warren join ", ""))).not.toBeInstanceOf(Problem);
  await dialog.getByRole("button", { name: "Copy" }).click();
  await dialog.getByText("Copied.").waitFor();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(command);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(command.slice(-20));
  await plane.join(NETWORK, "a", command.replace("sudo warren join ", ""));
  await expectStates(page, { a: "up to date" });
  expect(said).toEqual([]);
});

test("the page signs in by name and password, and ends with the session", async () => {
  const password = "four words of chance";
  const roles = [{ network: NETWORK, role: "viewer" as const }];
  await plane.call("setAccount", { params: { account: "reader" }, body: { roles, password } });
  await plane.call("setAccount", {
    params: { account: "admin" },
    body: { roles: [{ network: "*", role: "admin" }] },
  });
  await plane.join(NETWORK, "a");
  const page = await open(plane.origin);
  await page.getByLabel("Name").fill("reader");
  await page.getByLabel("Password").fill("four words of chanc");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("name or password is wrong").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectStates(page, { a: "waiting for approval" });
  // Who may only look is offered nothing else.
  expect(await page.getByRole("button").allTextContents()).toEqual(["Sign out", "中文"]);
  await plane.call("removeAccount", { params: { account: "reader" } });
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await page.getByRole("alert").textContent()).toBe("You are no longer signed in.");
  expect(new Set(said)).toEqual(new Set([REFUSED]));
});

test("the page goes on when its network has gone, and when its server has come back", async () => {
  await plane.call("createNetwork", { body: { name: "home" as never } });
  const page = await open(await plane.createLink());
  await page.getByLabel("Network").selectOption("home");
  await page.getByRole("heading", { name: "home" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "home" }).waitFor();
  await page.getByText("No host has joined yet").waitFor();
  await plane.call("deleteNetwork", { params: { network: "home" } });
  await page.getByRole("heading", { name: NETWORK }).waitFor();
  expect(page.url()).toBe(`${plane.origin}/#network=${NETWORK}`);
  await page.getByText("No host has joined yet").waitFor();
  await plane.close();
  await page.getByRole("alert").getByText("The server does not answer").waitFor();
  plane = await ControlPlane.start(folder.path, plane.serving.port);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await page.getByRole("alert").textContent()).toBe("You are no longer signed in.");
});

test.each(["light", "dark"] as const)(
  "the page in both languages, in %s, wide and narrow",
  async (colorScheme) => {
    await plane.call("createNetwork", { body: { name: "home" as never } });
    await joinFour();
    await plane.join(NETWORK, "a-host-whose-name-is-about-as-long-as-the-names-of-hosts-can-be");
    const page = await open(await plane.createLink(), { locale: "zh-Hans-CN", colorScheme });
    await expectStates(page, { d: "已是最新" });
    await expectAccessible(page);
    expect(await picture(page)).toContain("条隧道");
    await page.getByRole("button", { name: "English" }).click();
    await expectStates(page, { d: "up to date" });
    expect(await page.evaluate("document.activeElement.textContent")).toBe("中文");
    await expectAccessible(page);
    await page.reload();
    await expectStates(page, { d: "up to date" });
    await page.getByRole("button", { name: "Remove d" }).click();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Network").selectOption("home");
    await page.getByText("No host has joined yet").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Create a join token" }).click();
    await page.getByRole("dialog", { name: "A join token" }).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page);
    expect(said).toEqual([]);
    await page.getByLabel("Name").fill("nobody");
    await page.getByLabel("Password").fill("none");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("name or password is wrong").waitFor();
    await expectAccessible(page);
  },
);

test("a page's answers carry a strict policy, and its stream is for those who may", async () => {
  const page = await open(plane.origin);
  const headers = (await page.request.get(plane.origin)).headers();
  expect(headers["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
  expect(headers["strict-transport-security"]).toBeUndefined();
  // Opened by itself it is a page: it has its own style, and may nothing else.
  await joinFour();
  const drawn = await plane.call("readPicture", { params: { network: NETWORK } });
  expect(drawn).toContain("<svg ");
  await page.goto(await plane.createLink());
  await page.getByRole("heading", { name: NETWORK }).waitFor();
  const own = await page.request.get(`${plane.origin}/api/v1/networks/${NETWORK}/picture.svg`);
  expect(own.headers()["content-type"]).toBe("image/svg+xml");
  expect(own.headers()["content-security-policy"]).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
  );
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  for (const path of ["events", "picture.svg"]) {
    const answer = await page.request.get(`${plane.origin}/api/v1/networks/${NETWORK}/${path}`);
    expect(answer.status()).toBe(401);
  }
});

async function joinFour(): Promise<void> {
  for (const [at, name] of ["a", "b", "c", "d"].entries()) {
    const endpoint = `203.0.113.${at + 1}`;
    const body = { fields: { endpoint } };
    const { token } = await plane.call("createToken", { params: { network: NETWORK }, body });
    const { kernel } = await plane.join(NETWORK, name, token);
    if (name !== "a") continue;
    const mib = 1024 ** 2;
    // Once all three others are its peers.
    void vi.waitUntil(
      async () => {
        const { link } = await kernel.read("warren0" as never);
        if (link?.kind !== "wireguard" || link.peers.size < 3) return false;
        letFlow(kernel, { handshakeSeconds: 12, received: 1024, sent: 2 * mib });
        return true;
      },
      { timeout: 10_000 },
    );
  }
}

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser?.newContext({
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    timezoneId: "UTC",
    ...options,
  });
  if (context === undefined) throw new Error("a test without a browser is skipped");
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function expectStates(page: Page, states: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, state] of Object.entries(states)) {
    const row = page
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    await row.getByRole("cell").first().getByText(state).waitFor();
  }
}

/** Of a row, without its state and its buttons; once its agent has reported. */
async function cellsOf(page: Page, name: string): Promise<readonly string[]> {
  const row = page
    .getByRole("row")
    .filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  await row.getByText("newest").waitFor();
  return (await row.getByRole("cell").allTextContents()).slice(1, -1);
}

/** The source of the picture that is shown. */
async function picture(page: Page): Promise<string> {
  return page.evaluate<string>(
    `fetch(document.querySelector("img").src).then((each) => each.text())`,
  );
}

/** What axe can tell, sure or not, on screens wide and small; and that nothing lies beyond their edge. */
async function expectAccessible(page: Page): Promise<void> {
  // Not by a script element: the page's policy, which stays in force, refuses these.
  await page.evaluate(axe.source);
  for (const width of [1100, 1000, 320]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate<unknown>(TROUBLES)).toEqual({ beyond: 0, found: [] });
  }
  await page.setViewportSize({ width: 1100, height: 800 });
}

/** Of WCAG to 2.2 AA and of good practice; what axe cannot decide is trouble, too. */
const TROUBLES = `(async () => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const { violations, incomplete } = await axe.run({ rules: { "target-size": { enabled: true } } });
  const found = [...violations, ...incomplete].flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(": ")));
  return { beyond: scrollWidth - clientWidth, found };
})()`;
