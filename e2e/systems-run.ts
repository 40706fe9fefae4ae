/** Machines in a process of their own, which stand until it ends; for a test that kills it. */
import { createGround } from "./ground.ts";
import { createSystems } from "./systems.ts";

/** Longer than any test waits: when nobody is there to kill it, it ends by itself. */
const LIFETIME_MS = 120_000;

/** `path`: the programs' PATH, by which a test knows the processes. */
export async function main(path = ""): Promise<void> {
  const ground = await createGround(path);
  await createSystems(ground, {
    hosts: {
      desk: { ports: portOf(100) },
      a: { ports: portOf(1), system: {} },
      b: { ports: portOf(2), system: { init: "sshd" } },
    },
  });
  process.stdout.write("they stand\n");
  setTimeout(() => void ground.close(), LIFETIME_MS).unref();
  await ground.world.ended;
}

function portOf(host: number) {
  return { net: { addresses: [`203.0.113.${host}/24`] } };
}
