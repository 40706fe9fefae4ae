/** The store in memory keeps what every store keeps. */
import { createMemoryStore } from "./memory.ts";
import { testStore } from "./store.contract.ts";

testStore("createMemoryStore()", () => {
  const store = createMemoryStore(crypto.randomUUID());
  return async () => store;
});
