/** What is shown to whoever is not signed in. */
import { createElement } from "./elements.ts";
import type { Words } from "./words.ts";

export interface Attempt {
  readonly name: string;
  readonly password: string;
}

export function createSignIn(words: Words, attempt: (by: Attempt) => void): HTMLElement {
  const name = createElement("input", {
    id: "name",
    autocomplete: "username",
    autocapitalize: "none",
    required: "",
  });
  const password = createElement("input", {
    id: "password",
    type: "password",
    autocomplete: "current-password",
    required: "",
  });
  const form = createElement(
    "form",
    {},
    createElement("p", {}, words.signInElse),
    createElement("label", { for: "name" }, words.name),
    name,
    createElement("label", { for: "password" }, words.password),
    password,
    createElement("button", { type: "submit" }, words.signIn),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt({ name: name.value, password: password.value });
    password.value = "";
  });
  return createElement(
    "section",
    { class: "sign-in" },
    createElement("h1", { tabindex: "-1" }, words.signIn),
    createElement("p", {}, words.signInHow, " ", createElement("code", {}, "warren login")),
    form,
  );
}
