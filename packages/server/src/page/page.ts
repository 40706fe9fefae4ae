/** The page as a whole: who is signed in, which network is looked at, in which language. */
import type { NetworkNews } from "@warren/api";
import { askRemoval, showToken } from "./dialogs.ts";
import { createButton, createElement } from "./elements.ts";
import { NetworkView, take } from "./network-view.ts";
import type { NetworkActions, Watched } from "./network-view.ts";
import { API, ask, Refusal } from "./requests.ts";
import { createSignIn } from "./sign-in.ts";
import type { Attempt } from "./sign-in.ts";
import { languageOf, LANGUAGES } from "./words.ts";
import type { Words } from "./words.ts";

interface Reader {
  readonly name: string;
  readonly roles: readonly { readonly network: string; readonly role: string }[];
}

/** A server that has just come back is not asked by everybody at once. */
const AGAIN_MS = 2000;
const KEPT_LANGUAGE = "warren-language";

export class Page {
  readonly #header = element("header");
  readonly #main = element("main");
  readonly #alert = element("#alert");
  #words: Words =
    LANGUAGES[languageOf([localStorage.getItem(KEPT_LANGUAGE) ?? "", ...navigator.languages])];
  #reader: Reader | undefined;
  #networks: readonly string[] = [];
  #watched: Watched | undefined;
  #view: NetworkView | undefined;
  #source: EventSource | undefined;

  async start(): Promise<void> {
    addEventListener("hashchange", () => void this.#open());
    // A page that nobody sees needs no news, and browsers give a server but six connections.
    document.addEventListener("visibilitychange", () => this.#watch());
    await this.#open();
  }

  /** By a one-time link, which leaves the address bar before anything else, or by the cookie. */
  async #open(): Promise<void> {
    const { link, network } = Object.fromEntries(
      [...location.hash.matchAll(/^#(sign-in|network)=(.+)$/g)].map(([, key, value]) => [
        key === "sign-in" ? "link" : "network",
        value,
      ]),
    );
    if (link === undefined) return await this.#enter(network);
    history.replaceState(undefined, "", location.pathname);
    // Whoever was signed in before is somebody else now, or nobody.
    this.#reader = undefined;
    this.#main.replaceChildren();
    await this.#signIn({ link });
  }

  async #signIn(by: { readonly link: string } | Attempt): Promise<void> {
    await this.#do(async () => {
      await this.#ask("POST", "/session", by);
      await this.#enter();
    });
  }

  /** With the cookie, if there is one that holds; asks again for as long as nobody answers. */
  async #enter(wanted?: string): Promise<void> {
    try {
      this.#reader = await this.#ask<Reader>("GET", "/session");
      const networks = await this.#ask<readonly { readonly name: string }[]>("GET", "/networks");
      this.#networks = networks.map(({ name }) => name);
      const chosen = wanted ?? this.#watched?.network;
      this.#choose(this.#networks.find((name) => name === chosen) ?? this.#networks[0]);
      this.#say();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401) return this.#leave(this.#reader && this.#words.isOver);
      this.#say(error.message, error.fix);
      setTimeout(() => void this.#enter(wanted), AGAIN_MS);
    }
  }

  #choose(network: string | undefined): void {
    this.#watched =
      network === undefined ? undefined : { network, nodes: new Map(), isKnown: false, picture: 0 };
    if (network !== undefined) history.replaceState(undefined, "", `#network=${network}`);
    this.#render();
    this.#watch();
  }

  #watch(): void {
    this.#source?.close();
    const watched = this.#watched;
    if (watched === undefined || document.hidden) return;
    const source = new EventSource(`${API}/networks/${encodeURIComponent(watched.network)}/events`);
    this.#source = source;
    source.addEventListener("message", ({ data }) => {
      this.#say();
      take(watched, JSON.parse(String(data)) as NetworkNews);
      this.#view?.update();
    });
    source.addEventListener("error", () => {
      // It tries again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) return void this.#enter();
      this.#say(this.#words.away);
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    this.#say();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401 && this.#reader) return this.#leave(this.#words.isOver);
      // Of a link that has failed there is no form yet to say it above.
      if (this.#main.childElementCount === 0) this.#leave();
      this.#say(error.message, error.fix);
    }
  }

  #leave(why = ""): void {
    this.#source?.close();
    this.#reader = undefined;
    this.#watched = undefined;
    this.#render();
    this.#say(why);
  }

  #render(): void {
    const { language, other } = this.#words;
    document.documentElement.lang = language;
    document.title = this.#watched === undefined ? "Warren" : `${this.#watched.network} – Warren`;
    const next = language === "en" ? "zh-CN" : "en";
    const turn = createButton(other, { lang: next }, () => {
      localStorage.setItem(KEPT_LANGUAGE, next);
      this.#words = LANGUAGES[next];
      this.#say();
      this.#render();
      this.#header.querySelector<HTMLElement>(`[lang="${language}"]`)?.focus();
    });
    const brand = createElement("span", { class: "brand" }, "Warren");
    const reader = this.#reader;
    this.#header.replaceChildren(brand, ...(reader ? this.#choices(reader) : []), turn);
    this.#view = undefined;
    if (reader === undefined) {
      return this.#main.replaceChildren(createSignIn(this.#words, (by) => void this.#signIn(by)));
    }
    if (this.#watched === undefined) {
      const command = createElement("code", {}, "warren network create NAME");
      return this.#main.replaceChildren(
        createElement("h1", {}, this.#words.network),
        createElement("p", {}, this.#words.noNetwork, " ", command),
      );
    }
    const { network } = this.#watched;
    const actions = mayChange(reader, network) ? this.#actionsIn(network) : undefined;
    this.#view = new NetworkView(this.#words, this.#watched, actions);
    this.#main.replaceChildren(this.#view.element);
  }

  #choices({ name }: Reader): readonly HTMLElement[] {
    const select = createElement(
      "select",
      { id: "network" },
      ...this.#networks.map((network) => createElement("option", {}, network)),
    );
    select.value = this.#watched?.network ?? "";
    select.addEventListener("change", () => this.#choose(select.value));
    const label = createElement("label", { for: "network" }, this.#words.network);
    const leave = createButton(this.#words.signOut, {}, () => {
      void this.#do(async () => {
        await this.#ask("DELETE", "/session");
        this.#leave();
      });
    });
    const who = createElement("span", { class: "reader" }, this.#words.signedInAs(name));
    const choice = this.#networks.length === 0 ? [] : [createElement("span", {}, label, select)];
    return [...choice, who, leave];
  }

  #actionsIn(network: string): NetworkActions {
    const path = `/networks/${encodeURIComponent(network)}`;
    const pathOf = (name: string): string => `${path}/nodes/${encodeURIComponent(name)}`;
    return {
      approve: (name, publicKey) => {
        void this.#do(async () => {
          await this.#ask("POST", `${pathOf(name)}/approve`, { publicKey });
        });
      },
      remove: (name) => {
        void this.#do(async () => {
          if (await askRemoval(this.#words, name)) await this.#ask("DELETE", pathOf(name));
        });
      },
      createToken: () => {
        void this.#do(async () => {
          const made = await this.#ask<{ readonly token: string }>("POST", `${path}/tokens`, {});
          await showToken(this.#words, made.token);
        });
      },
    };
  }

  async #ask<A>(method: string, path: string, body?: object): Promise<A> {
    const { language, away } = this.#words;
    return await ask<A>(method, path, { language, away, ...(body === undefined ? {} : { body }) });
  }

  #say(...texts: readonly string[]): void {
    const lines = texts.filter((text) => text !== "");
    this.#alert.replaceChildren(...lines.map((text) => createElement("p", {}, text)));
  }
}

function mayChange({ roles }: Reader, network: string): boolean {
  return roles.some((each) => ["*", network].includes(each.network) && each.role !== "viewer");
}

function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`index.html lacks ${selector}`);
  return found;
}
