/** What is asked before it is done, and what is shown this once. */
import { createButton, createElement } from "./elements.ts";
import type { Words } from "./words.ts";

/** Whether it is to be done. */
export async function askRemoval(words: Words, name: string): Promise<boolean> {
  const dialog = createDialog(words.removeAsks(name), createElement("p", {}, words.removeMeans));
  dialog.append(
    createElement(
      "div",
      { class: "choices" },
      createButton(words.cancel, { autofocus: "" }, () => dialog.close()),
      createButton(words.remove, { class: "danger" }, () => dialog.close("yes")),
    ),
  );
  return (await shown(dialog)) === "yes";
}

export async function showToken(words: Words, token: string): Promise<void> {
  const command = `sudo warren join ${token}`;
  const said = createElement("span", { role: "status" });
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      said.textContent = words.copied;
    } catch {
      said.textContent = words.notCopied;
    }
  };
  const dialog = createDialog(
    words.tokenTitle,
    createElement("p", {}, words.tokenHow),
    createElement("code", { class: "token" }, command),
    createElement("p", {}, words.tokenOnce),
  );
  dialog.append(
    createElement(
      "div",
      { class: "choices" },
      said,
      createButton(words.copy, { autofocus: "" }, () => void copy()),
      createButton(words.close, {}, () => dialog.close()),
    ),
  );
  await shown(dialog);
}

function createDialog(title: string, ...content: readonly Node[]): HTMLDialogElement {
  const heading = createElement("h2", { id: "dialog-title" }, title);
  return createElement("dialog", { "aria-labelledby": "dialog-title" }, heading, ...content);
}

/** Until it is closed; by which answer. The browser gives the focus back. */
async function shown(dialog: HTMLDialogElement): Promise<string> {
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  dialog.remove();
  return dialog.returnValue;
}
