/** Tests of how small routers are answered: in lines, and as what they are to those who look. */
import { expect, test } from "vitest";
import type { NodeView } from "@warren/api";
import { createTestPlane, LOCAL_TOKEN, START } from "../plane.contract.ts";
import { parsedName } from "../state.ts";
import type { TestPlane } from "../plane.contract.ts";

const by = LOCAL_TOKEN;
const CREDENTIAL = `wrc_${"a".repeat(43)}`;

const B = Buffer.alloc(32, "b").toString("base64");

test("a router is told in lines what it is to have, and that it has it", async () => {
  const { ask, checkIn, listed } = await createRouter();
  expect([await checkIn(), (await listed()).state]).toEqual(["waiting\n", "waiting"]);
  await ask("POST /networks/home/nodes/r/approve", { by, body: {} });
  const told = await checkIn();
  expect(told).toMatchInlineSnapshot(`
    "device epoch 4 08c424f895209f26bc2c9102cead34dd intended
    ip mtu 1420
    ip address 10.77.0.2/16
    ip route 192.168.9.0/24
    wg [Interface]
    wg ListenPort = 51820
    wg [Peer]
    wg PublicKey = YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=
    wg PresharedKey = oKqW4yEeDQTrdeNUP2vTsszS1OaP/l6qeKXna/jfjtA=
    wg AllowedIPs = 10.77.0.1/32, 192.168.9.0/24
    wg PersistentKeepalive = 25
    name YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI= b.example.com 51820
    end
    "
  `);
  expect((await listed()).state).toBe("behind");
  const [, epoch, rev = "", hash] = (told.split("\n")[0] ?? "").split(" ");
  const has = { epoch, rev: Number(rev), hash };
  const failed = { rev: Number(rev), hash, error: "no nft" };
  expect(await checkIn({ failed })).toBe(told);
  expect(await listed()).toMatchObject({ state: "failed", error: "no nft" });
  const peers = [{ publicKey: B, received: 1, sent: 2, handshakeSeconds: 3 }];
  expect(await checkIn({ ...has, peers }, "at once")).toBe(`same ${epoch} ${rev}\n`);
  const { error, ...seen } = await listed();
  expect(error).toBeUndefined();
  expect(seen).toMatchObject({ state: "current", visitedAt: START, applied: Number(rev) });
  expect(seen.peers).toMatchObject([{ received: 1, sent: 2, handshakeSeconds: 3 }]);
});

test("a router that is away is told nothing, and is missed once its time is over", async () => {
  const { ask, checkIn, listed, time, plane } = await createRouter();
  await ask("POST /networks/home/nodes/r/approve", { by, body: {} });
  await checkIn();
  time.now += 60_000;
  await checkIn({}, "at once");
  expect(await listed()).toMatchObject({ connectedAt: START, visitedAt: START + 60_000 });
  const { bytes } = plane.streams.counts;
  await ask("PATCH /networks/home/nodes/b", { by, body: { endpoint: "203.0.113.9" } });
  expect([plane.streams.counts.bytes, (await listed()).state]).toEqual([bytes, "behind"]);
  time.run();
  expect((await listed()).state).toBe("offline");
});

test("a router hears whose clock went back, and others hear that of its own", async () => {
  const { ask, checkIn, plane, time } = await createRouter();
  await ask("POST /networks/home/nodes/r/approve", { by, body: {} });
  // It is answered when what its clock means is told.
  const visit = async (now: number): Promise<string> => {
    const told = checkIn({ now });
    await ask("GET /session", { by });
    time.run();
    return await told;
  };
  plane.ledger.observe("home", parsedName("b"), { generation: 2 });
  expect(await visit(START)).toContain(`\nwg # again ${B} 2\n`);
  await visit(START - 60_000);
  expect(plane.ledger.seenOf("home", parsedName("r"))).toMatchObject({ generation: 1 });
});

test("a router that was taken out hears that; one that nobody knows keeps what it has, whatever that is", async () => {
  const { ask, checkIn, plane } = await createRouter();
  const { epoch, rev } = plane.ledger;
  // As of a store that is older than this router, was put back by hand, and has grown since.
  const stranger = { credential: `wrc_${"b".repeat(43)}`, epoch, rev: rev - 1 };
  await ask("DELETE /networks/home/nodes/r", { by });
  expect([await checkIn({ epoch, rev }), await checkIn(), await checkIn(stranger)]).toEqual([
    "revoked\n",
    "revoked\n",
    "unknown\n",
  ]);
});

test("a router that leaves is taken out", async () => {
  const { checkIn, plane } = await createRouter();
  expect(await checkIn({ isLeaving: true })).toBe("revoked\n");
  expect([...plane.ledger.state.node.keys()]).toEqual(["home/b"]);
});

/** A network with a node that is dialled by name, and a router that asks to be in it. */
async function createRouter(): Promise<
  TestPlane & {
    readonly checkIn: (more?: object, when?: "gathered" | "at once") => Promise<string>;
    readonly listed: () => Promise<NodeView>;
  }
> {
  const plane = await createTestPlane();
  const { ask, time } = plane;
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  await ask("PATCH /networks/home/nodes/b", {
    by,
    body: { publicKey: B, endpoint: "b.example.com", subnets: ["192.168.9.0/24"] },
  });
  await ask("POST /join", {
    body: {
      network: "home",
      name: "r",
      publicKey: Buffer.alloc(32, "r").toString("base64"),
      credential: CREDENTIAL,
    },
  });
  return {
    ...plane,
    checkIn: async (more = {}, when = "gathered") => {
      // What is put off is done now: what is gathered is told, and who is away is missed.
      if (when === "gathered") time.run();
      const body = { credential: CREDENTIAL, interface: "tun+1", peers: [], ...more };
      return (await ask("POST /checkin", { body })).text;
    },
    listed: async () => {
      const { text } = await ask("GET /networks/home/nodes", { by });
      const found = (JSON.parse(text) as NodeView[]).find(({ name }) => name === "r");
      if (found === undefined) throw new Error("it is not listed");
      return found;
    },
  };
}
