/** One network: how many nodes are how, the table of them, and the picture of the mesh. */
import type { NetworkNews, NodeLine } from "@warren/api";
import { createButton, createElement, setText } from "./elements.ts";
import { NodeTable } from "./node-table.ts";
import type { NodeActions } from "./node-table.ts";
import { API } from "./requests.ts";
import type { Words } from "./words.ts";

export interface NetworkActions extends NodeActions {
  readonly createToken: () => void;
}

/** What is known of a network, whatever language it is shown in. */
export interface Watched {
  readonly network: string;
  readonly nodes: Map<string, NodeLine>;
  /** Whether anything has been told yet. */
  isKnown: boolean;
  /** Another number for another picture; 0 where there is nothing to draw. */
  picture: number;
}

export function take(watched: Watched, { isWhole, nodes, gone, picture }: NetworkNews): void {
  watched.isKnown = true;
  if (isWhole === true) watched.nodes.clear();
  for (const name of gone) watched.nodes.delete(name);
  for (const line of nodes) watched.nodes.set(line.name, line);
  // Never a number of before: a browser may keep what it had under that.
  if (picture !== undefined) watched.picture = picture === "none" ? 0 : Date.now();
}

export class NetworkView {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #watched: Watched;
  readonly #table: NodeTable;
  readonly #title: HTMLHeadingElement;
  readonly #summary: HTMLParagraphElement;
  readonly #image: HTMLImageElement;
  readonly #drawing: HTMLElement;
  /** Until it has come, and the server has rested of it. */
  #drawnSince: number | undefined;

  constructor(words: Words, watched: Watched, actions: NetworkActions | undefined) {
    this.#words = words;
    this.#watched = watched;
    this.#table = new NodeTable(words, actions);
    this.#title = createElement("h1", { tabindex: "-1" }, watched.network);
    this.#summary = createElement("p", { role: "status" });
    this.#image = createElement("img", { alt: words.pictureOf(watched.network) });
    this.#drawing = createElement(
      "section",
      {},
      createElement("h2", {}, words.picture),
      this.#image,
    );
    for (const end of ["load", "error"]) {
      this.#image.addEventListener(end, () => this.#rest());
    }
    const token = (create: () => void): HTMLButtonElement =>
      createButton(words.createToken, { class: "primary" }, create);
    this.element = createElement(
      "div",
      {},
      createElement(
        "div",
        { class: "title" },
        createElement("div", {}, this.#title, this.#summary),
        ...(actions === undefined ? [] : [token(() => actions.createToken())]),
      ),
      this.#table.element,
      this.#drawing,
    );
    this.update();
  }

  update(): void {
    const { nodes, picture } = this.#watched;
    setText(this.#summary, this.#summarise());
    this.#table.element.hidden = nodes.size === 0;
    if (this.#table.update(nodes)) this.#title.focus();
    this.#drawing.hidden = picture === 0;
    this.#draw();
  }

  /** A picture of a thousand nodes costs the server most of a second: it may spend a tenth of its time on it. */
  #draw(): void {
    const { picture, network } = this.#watched;
    const query = `language=${this.#words.language}&at=${picture}`;
    const path = `${API}/networks/${encodeURIComponent(network)}/picture.svg?${query}`;
    const isDue = this.#drawnSince === undefined && picture !== 0;
    if (!isDue || this.#image.getAttribute("src") === path) return;
    this.#drawnSince = performance.now();
    this.#image.src = path;
  }

  #rest(): void {
    const restMs = 10 * (performance.now() - (this.#drawnSince ?? 0));
    setTimeout(() => {
      this.#drawnSince = undefined;
      if (this.element.isConnected) this.#draw();
    }, restMs);
  }

  #summarise(): string {
    const { nodes, isKnown } = this.#watched;
    if (nodes.size === 0) return isKnown ? this.#words.noNodes : "";
    const states = Object.entries(this.#words.states).flatMap(([state, word]) => {
      const count = [...nodes.values()].filter((line) => line.state === state).length;
      return count === 0 ? [] : [`${count} ${word}`];
    });
    return [this.#words.count(nodes.size), ...states].join(this.#words.between);
  }
}
