/** What somebody does to a tunnel by hand, behind its agent's back. */
import type { FakeInterface } from "../tools/fake-kernel.ts";
import type { SimHost } from "./sim-host.ts";
import { OWN } from "./sim-host.ts";

export const driftKinds = [
  "link gone",
  "link down",
  "peer gone",
  "peer emptied",
  "peer of nobody",
  "route gone",
  "route of nobody",
  "address gone",
  "table gone",
] as const;
type DriftKind = (typeof driftKinds)[number];

/** `at`: to which of several. */
export function drift(host: SimHost, { what, at }: { what: DriftKind; at: number }): void {
  host.kernel.disturb(OWN, (now) => drifted(now, what, at));
  // Whoever made it go is known: somebody, by hand.
  if (what === "link gone") host.peersSince.clear();
}

function drifted(now: FakeInterface, what: DriftKind, at: number): Partial<FakeInterface> {
  const { link, addresses, routes } = now;
  if (link?.kind !== "wireguard") return {};
  const keys = [...link.peers.keys()];
  const key = keys[at % Math.max(1, keys.length)];
  switch (what) {
    case "link gone":
      return { link: undefined, addresses: new Set(), routes: new Set() };
    case "link down":
      return { link: { ...link, isUp: false }, routes: new Set() };
    case "peer gone":
      return {
        link: { ...link, peers: new Map([...link.peers].filter(([each]) => each !== key)) },
      };
    case "peer emptied": {
      const peers = [...link.peers].map(([each, state]) =>
        each === key
          ? ([each, { ...state, allowedIps: new Set<string>() }] as const)
          : ([each, state] as const),
      );
      return { link: { ...link, peers: new Map(peers) } };
    }
    case "peer of nobody": {
      const stranger = Buffer.alloc(32, at + 1).toString("base64") as typeof key & string;
      const state = {
        allowedIps: new Set([`10.0.0.${at + 100}/32`]),
        keepaliveSeconds: 0,
        received: 0,
        sent: 0,
      };
      return { link: { ...link, peers: new Map(link.peers).set(stranger, state) } };
    }
    case "route gone":
      return { routes: new Set([...routes].slice(1)) };
    case "route of nobody":
      return { routes: new Set([...routes, `172.31.${at}.0/24`]) };
    case "address gone":
      return { addresses: new Set([...addresses].slice(1)), routes: new Set() };
    case "table gone":
      return { table: undefined };
  }
}
