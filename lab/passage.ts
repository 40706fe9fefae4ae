/** In the lab's network: takes what comes in at a socket of the machine outside to a port in here. */
import { connect } from "node:net";
import type { Server } from "node:net";
import { pipeline } from "node:stream";

const port = Number(process.argv[2]);

process.once("message", (_, listener) => {
  (listener as Server).on("connection", (outside) => {
    const inside = connect(port, "127.0.0.1");
    // Whoever of the two goes takes the other along.
    pipeline(outside, inside, outside, () => undefined);
  });
  process.send?.("open");
});
