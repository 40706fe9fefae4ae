/** A line to a real TLS server that does as bad ones do. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { InterfaceName, Name } from "@warren/core";
import { RIGHT } from "../packages/crypto/src/certificates.contract.ts";
import { createLines } from "../packages/agent/src/line.ts";

/** Of RFC 6455, 1.3. */
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

test("close() of a line to a server that hangs waits no longer than a moment", async () => {
  const server = createServer({ cert: RIGHT.cert, key: RIGHT.key });
  server.on("upgrade", ({ headers }, socket) => {
    const key = `${headers["sec-websocket-key"]}${MAGIC}`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade`;
    socket.write(`${head}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    // Then it hangs: whatever comes is neither read nor answered.
    socket.pause();
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const connect = createLines(
    {
      network: "clouds" as Name,
      node: "a" as Name,
      interface: "wg0" as InterfaceName,
      servers: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
      pin: RIGHT.pin,
      credential: "known",
    },
    () => undefined,
  );
  const closed = await new Promise<string>((resolve) => {
    const line = connect({
      opened: () => line.close(),
      received: () => undefined,
      answered: () => undefined,
      closed: (_, isLasting) => resolve(`closed, ${isLasting}`),
    });
  });
  expect(closed).toBe("closed, false");
});
