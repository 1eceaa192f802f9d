// The dialog that adds a peer by its address. It also shows the user's own address, for others to add.

import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { errorSentence } from "../error-sentences.ts";
import { icon } from "../icons.ts";
import type { PageState } from "../store.ts";

interface AddContactDialog {
  readonly element: HTMLDialogElement;
  open(): void;
  /** The user's address changes with the network, also while the dialog is open. */
  update(state: PageState): void;
}

/** `onAdd` resolves when the peer was reached and has become a contact. */
export function createAddContactDialog(onAdd: (address: string) => Promise<void>): AddContactDialog {
  const own = createOwnAddress();
  const form = createForm(onAdd, () => setDialogOpen(element, false));
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: () => setDialogOpen(element, false) },
    icon("close"),
  );
  const title = h("h2", { attributes: { id: "add-contact-title" } }, "Add a contact");
  const element = h(
    "dialog",
    { class: "dialog", testId: "add-contact-dialog", attributes: { "aria-labelledby": "add-contact-title" } },
    h("div", { class: "dialog-head" }, title, close),
    form.element,
    own.element,
  );
  return {
    element,
    open() {
      form.reset();
      setDialogOpen(element, true);
    },
    update: own.update,
  };
}

function createForm(onAdd: (address: string) => Promise<void>, onDone: () => void) {
  const field = h("input", {
    testId: "address-field",
    attributes: {
      id: "address-field",
      placeholder: "/ip4/192.168.1.20/tcp/4001/p2p/12D3Koo…",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "address-error",
    },
  });
  const error = h("p", {
    class: "field-error",
    testId: "address-error",
    attributes: { id: "address-error", role: "alert" },
  });
  const submit = h("button", { class: "button primary", testId: "address-submit" }, "Add contact");
  const label = h("label", { attributes: { for: "address-field" } }, "Their address");
  const element = h("form", { class: "add-form" }, label, field, error, submit);
  const reset = (): void => {
    setText(error, "");
    submit.disabled = false;
    element.reset();
  };
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    setText(error, "");
    submit.disabled = true;
    onAdd(field.value.trim()).then(onDone, (failure: unknown) => {
      setText(error, errorSentence(failure));
      submit.disabled = false;
      field.focus();
    });
  });
  return { element, reset };
}

function createOwnAddress() {
  const text = h("code", { class: "own-address", testId: "own-address" });
  const copyLabel = h("span", {}, "Copy");
  const copy = button({ class: "button", testId: "copy-address" }, icon("copy"), copyLabel);
  copy.addEventListener("click", () => {
    copyText(text).then((isCopied) => setText(copyLabel, isCopied ? "Copied" : "Press Ctrl+C"));
  });
  const hint = h("p", { class: "hint" }, "Your address, for others to add you:");
  const element = h("section", { class: "own-address-box" }, hint, text, copy);
  return {
    element,
    update({ host }: PageState): void {
      const address = bestAddress(host?.signalling?.addresses ?? []);
      setHidden(element, !address);
      if (text.textContent !== address) setText(copyLabel, "Copy");
      setText(text, address ?? "");
    },
  };
}

/** @returns the first address that other machines can reach, or else the first one */
function bestAddress(addresses: string[]): string | undefined {
  return addresses.find((address) => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address)) ?? addresses[0];
}

/** @returns false when the webview refuses the clipboard. The text is then selected, so that the user can copy it */
async function copyText(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return false;
  }
}
