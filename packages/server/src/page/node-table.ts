/** The table of a network's nodes: rows stay what they are while what they say changes. */
import type { NodeLine } from "@warren/api";
import { createButton, createElement, setText } from "./elements.ts";
import type { Words } from "./words.ts";

export interface NodeActions {
  /** Nobody else who has asked by that name meanwhile. */
  readonly approve: (name: string, publicKey: string | undefined) => void;
  readonly remove: (name: string) => void;
}

const COLUMNS = [
  "node",
  "state",
  "addresses",
  "endpoint",
  "revision",
  "handshakes",
  "traffic",
] as const;

interface Row {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
  readonly actions: HTMLTableCellElement | undefined;
  /** The key of who waits, as its buttons have it. */
  waiting: string | undefined;
}

export class NodeTable {
  readonly element: HTMLTableElement;
  readonly #words: Words;
  /** Absent for those who may only look. */
  readonly #actions: NodeActions | undefined;
  readonly #body: HTMLTableSectionElement;
  readonly #rows = new Map<string, Row>();

  constructor(words: Words, actions: NodeActions | undefined) {
    this.#words = words;
    this.#actions = actions;
    // On a narrow screen rows are drawn as blocks, for which browsers forget that this is a table.
    this.#body = createElement("tbody", { role: "rowgroup" });
    const titles = [...COLUMNS, ...(actions === undefined ? [] : ["actions" as const])];
    const heads = titles.map((title) =>
      createElement("th", { scope: "col", role: "columnheader" }, words[title]),
    );
    this.element = createElement(
      "table",
      { role: "table" },
      createElement("caption", {}, words.nodes),
      createElement("thead", { role: "rowgroup" }, createElement("tr", { role: "row" }, ...heads)),
      this.#body,
    );
  }

  /** Whether an element that had the focus has gone. */
  update(nodes: ReadonlyMap<string, NodeLine>): boolean {
    const focused = document.activeElement;
    for (const [name, { element }] of this.#rows) {
      if (nodes.has(name)) continue;
      element.remove();
      this.#rows.delete(name);
    }
    const sorted = [...nodes.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const [at, line] of sorted.entries()) {
      const row = this.#rows.get(line.name) ?? this.#createRow(line.name);
      this.#rows.set(line.name, row);
      const before = this.#body.children[at];
      if (before !== row.element) this.#body.insertBefore(row.element, before ?? null);
      this.#fill(row, line);
    }
    return focused?.isConnected === false && document.activeElement === document.body;
  }

  #createRow(name: string): Row {
    const cells = COLUMNS.map((column) => {
      const attributes = { class: column, "data-label": this.#words[column] };
      return column === "node"
        ? createElement("th", { scope: "row", role: "rowheader", ...attributes }, name)
        : createElement("td", { role: "cell", ...attributes });
    });
    const actions =
      this.#actions === undefined
        ? undefined
        : createElement("td", { role: "cell", class: "actions" });
    const all = actions === undefined ? cells : [...cells, actions];
    const element = createElement("tr", { role: "row" }, ...all);
    return { element, cells, actions, waiting: "untold" };
  }

  #fill(row: Row, line: NodeLine): void {
    const [, ...cells] = row.cells;
    row.element.className = line.state;
    for (const [at, texts] of this.#textsOf(line).entries()) {
      const cell = cells[at];
      if (cell === undefined) continue;
      while (cell.children.length > texts.length) cell.lastElementChild?.remove();
      while (cell.children.length < texts.length) cell.append(createElement("span", {}));
      for (const [place, text] of texts.entries()) {
        const span = cell.children[place];
        if (span !== undefined) setText(span, text);
      }
    }
    const waiting = line.state === "waiting" ? (line.publicKey ?? "") : undefined;
    if (row.waiting !== waiting) this.#offer(row, line);
    row.waiting = waiting;
  }

  /** Of each column after the name; each text is a line of its own. */
  #textsOf(line: NodeLine): readonly (readonly string[])[] {
    const words = this.#words;
    const { addresses, endpoint, isMapped, told, applied, error, handshakeAt, tunnels } = line;
    const { publicKey, joinedFrom = "", visitedAt } = line;
    const isReported = tunnels > 0;
    return [
      [
        words.states[line.state],
        ...(visitedAt === undefined ? [] : [words.visited(this.#timeOf(visitedAt))]),
        ...(error === undefined ? [] : [error]),
      ],
      addresses,
      [
        ...(endpoint === undefined ? [] : [endpoint, ...(isMapped === true ? [words.mapped] : [])]),
        ...(publicKey === undefined
          ? []
          : [words.asks(publicKey.slice(0, KEY_LETTERS), joinedFrom)]),
      ],
      told === undefined
        ? []
        : [words.revisionOf(applied === undefined ? "–" : String(applied), told)],
      [
        ...(isReported ? [words.handshakesOf(line.alive, tunnels)] : []),
        ...(handshakeAt === undefined ? [] : [words.newest(this.#timeOf(handshakeAt))]),
      ],
      isReported ? [`↓ ${this.#sizeOf(line.received)}`, `↑ ${this.#sizeOf(line.sent)}`] : [],
    ];
  }

  #offer({ actions }: Row, { name, state, publicKey }: NodeLine): void {
    const { approve, remove } = this.#actions ?? {};
    if (actions === undefined || approve === undefined || remove === undefined) return;
    const hadFocus = actions.contains(document.activeElement);
    const { approve: approveWord, approveNode, remove: removeWord, removeNode } = this.#words;
    const removal = createButton(removeWord, { "aria-label": removeNode(name) }, () =>
      remove(name),
    );
    const label = { class: "primary", "aria-label": approveNode(name) };
    const approval =
      state === "waiting" ? [createButton(approveWord, label, () => approve(name, publicKey))] : [];
    actions.replaceChildren(...approval, removal);
    if (hadFocus) removal.focus();
  }

  #timeOf(at: number): string {
    const day = Date.now() - at > DAY_MS ? ({ dateStyle: "medium" } as const) : {};
    const form = { timeStyle: "short", hourCycle: "h23", ...day } as const;
    return new Intl.DateTimeFormat(this.#words.language, form).format(at);
  }

  #sizeOf(bytes: number): string {
    const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
    const digits = { maximumFractionDigits: step === 0 ? 0 : 1 };
    const number = new Intl.NumberFormat(this.#words.language, digits).format(bytes / 1024 ** step);
    return `${number} ${UNITS[step]}`;
  }
}

const DAY_MS = 86_400_000;
/** As warren node list and warren join print of a key. */
const KEY_LETTERS = 8;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
