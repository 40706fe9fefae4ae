/** Texts of values that many devices share, printed once: a full mesh repeats each a thousand times. */
import { printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";

/** Remembers by identity, so it belongs to one run over one plan. */
export class Printed {
  readonly #texts = new Map<object, string>();

  prefixes(list: readonly Prefix[]): string {
    return this.#remember(list, () => list.map(printPrefix).join(", "));
  }

  endpoint(endpoint: Endpoint): string {
    return this.#remember(endpoint, () => printEndpoint(endpoint));
  }

  #remember(value: object, print: () => string): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    const text = print();
    this.#texts.set(value, text);
    return text;
  }
}
