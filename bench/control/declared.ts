/** A mesh of nodes that hosts may join as, each with an endpoint, so that each has a tunnel to each. */
import type { BenchServer } from "./server.ts";

export const NETWORK = "m";

/** A token by which hosts join as them. */
export async function declareNodes({ call }: BenchServer, count: number): Promise<string> {
  const params = { network: NETWORK };
  const { tag } = await call("readMesh", { params });
  const nodes = Array.from({ length: count }, (_, at) => {
    return [nameOf(at), { endpoint: endpointOf(at, 51_820) }];
  });
  const document = {
    network: { name: NETWORK, addresses: ["10.66.0.0/16"] },
    nodes: Object.fromEntries(nodes) as object,
  };
  await call("applyMesh", { params, body: document, ifMatch: tag });
  return (await call("createToken", { params, body: { uses: 0 } })).token;
}

export function nameOf(at: number): string {
  return `n${String(at).padStart(4, "0")}`;
}

export function endpointOf(at: number, port: number): string {
  return `198.51.${at >> 8}.${at & 255}:${port}`;
}
