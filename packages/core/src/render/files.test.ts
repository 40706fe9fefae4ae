/** What is rendered: of the examples to the letter, of random meshes as the real wg understands it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "fast-check";
import { Printed, printPrefix, renderFiles, renderHosts } from "../mod.ts";
import type { Device, Endpoint } from "../mod.ts";
import type { RenderedFile } from "./files.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf, sampleOfDocument, sampleSecrets } from "../../../../tools/sample.ts";
import { wgLack, WgSocket } from "../../../../tools/wg-socket.ts";

const lack = wgLack();
const folder = mkdtempSync(join(tmpdir(), "warren-wg-"));
/** Parts the files of a golden case, each with its name behind. */
const DASHES = "-".repeat(40);
/** What every name in a test stands for. */
const RESOLVED = "192.0.2.7";
const socket = new WgSocket(`wt${process.pid}`);

beforeAll(async () => {
  if (lack === undefined) await socket.listen();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  if (lack === undefined) await socket.close();
});

const examples = join(import.meta.dirname, "../../../../examples");

test.each(readdirSync(examples).filter((file) => file.endsWith(".yaml")))(
  "renderFiles() gives what examples/%s promises",
  async (file) => {
    const text = readFileSync(join(examples, file), "utf8");
    const printed = new Printed();
    const { devices, index } = sampleOf(text);
    const files = devices.flatMap((device) =>
      renderFiles(device, sampleSecrets, printed, "wg-quick").map(
        (each) => `${DASHES} out/${device.name}/${each.name}\n${each.text.join("")}`,
      ),
    );
    const golden = join(examples, file.replace(".yaml", ".case"));
    const hosts = `${DASHES} out/hosts\n${renderHosts(index)}`;
    await expect(`${text}${files.join("")}${hosts}`).toMatchFileSnapshot(golden);
  },
);

test("wg takes every rendered file without a word, and understands the device", async (ctx) => {
  if (lack !== undefined) ctx.skip(lack);
  await fc.assert(
    fc.asyncProperty(meshDocuments(5), async (document) => {
      for (const device of sampleOfDocument(document).devices) {
        const understood = await understand(device);
        expect(understood).toEqual(expected(device));
      }
    }),
    runs(20, 120),
  );
});

/** Both formats must say the same to wg; of wg-quick's, wg sees what `wg-quick strip` leaves. */
async function understand(device: Device): Promise<readonly string[]> {
  const [quick] = renderFiles(device, sampleSecrets, new Printed(), "wg-quick");
  const [plain] = renderFiles(device, sampleSecrets, new Printed(), "setconf");
  const file = join(folder, "test.conf");
  writeFileSync(file, resolved(textOf(plain)));
  const { words, body } = await socket.setconf(file);
  expect(words).toBe("");
  expect(withoutComments(strip(textOf(quick)))).toBe(withoutComments(textOf(plain)));
  return body.trimEnd().split("\n");
}

/** wg would ask DNS for names, and there is none: its answer is put in beforehand. */
function resolved(text: string): string {
  return text.replaceAll(/^(Endpoint = )[a-z][a-z0-9-]*\.example:/gm, `$1${RESOLVED}:`);
}

function textOf(file: RenderedFile | undefined): string {
  return file?.text.join("") ?? "";
}

/** What wg-quick keeps for itself, of [Interface] only. */
function strip(text: string): string {
  return text.replaceAll(/^(Address|DNS|MTU|Table|PreUp|PostUp|PreDown|PostDown) = .*\n/gm, "");
}

function withoutComments(text: string): string {
  return text.replaceAll(/^#.*\n/gm, "");
}

/** The lines of the protocol between wg and an interface that say what a device says. */
function expected(device: Device): readonly string[] {
  const peers = device.peers.flatMap((peer) => [
    `public_key=${hex(peer.publicKey)}`,
    ...(peer.presharedKeyId === undefined
      ? []
      : [`preshared_key=${hex(sampleSecrets.presharedKey(peer.presharedKeyId))}`]),
    ...(peer.endpoint === undefined ? [] : [`endpoint=${numeric(peer.endpoint)}`]),
    ...(peer.keepaliveSeconds === undefined
      ? []
      : [`persistent_keepalive_interval=${peer.keepaliveSeconds}`]),
    "replace_allowed_ips=true",
    ...peer.allowedIps.map((prefix) => `allowed_ip=${printPrefix(prefix)}`),
  ]);
  return [
    `private_key=${hex(sampleSecrets.privateKey(device.name) ?? "")}`,
    ...(device.listenPort === undefined ? [] : [`listen_port=${device.listenPort}`]),
    `fwmark=${device.fwmark ?? 0}`,
    "replace_peers=true",
    ...peers,
  ];
}

function hex(key: string): string {
  return Buffer.from(key, "base64").toString("hex");
}

function numeric({ host, port }: Endpoint): string {
  if (typeof host === "string") return `${RESOLVED}:${port}`;
  const printed = printPrefix({ ...host, length: 128 }).split("/")[0];
  return host.family === 6 ? `[${printed}]:${port}` : `${printed}:${port}`;
}
