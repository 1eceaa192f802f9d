// The list of the call's keys, with a switch for them.

import { button, h, setDialogOpen } from "../dom.ts";
import { icon } from "../icons.ts";
import { type CallKeys, KEYS } from "../keys.ts";

export function createKeysDialog(keys: Pick<CallKeys, "isOn">) {
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: () => setDialogOpen(element, false) },
    icon("close"),
  );
  const title = h("h2", { attributes: { id: "keys-title" } }, "Keys in a call");
  const list = h("dl", { class: "keys" });
  for (const [key, text] of [
    ...Object.entries(KEYS),
    ["Esc", "Close a dialog, show all of their screen, leave full screen"],
  ]) {
    list.append(h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)));
  }
  const box = h("input", {
    testId: "keys-on",
    attributes: { type: "checkbox", role: "switch", id: "keys-on" },
  });
  box.addEventListener("change", () => {
    keys.isOn = box.checked;
  });
  const label = h("label", { class: "setting-title", attributes: { for: "keys-on" } }, "Use the single keys");
  const element = h(
    "dialog",
    { class: "dialog", testId: "keys-dialog", attributes: { "aria-labelledby": "keys-title" } },
    h("div", { class: "dialog-head" }, title, close),
    list,
    h("div", { class: "setting" }, label, box),
  );
  return {
    element,
    open(): void {
      box.checked = keys.isOn;
      setDialogOpen(element, true);
    },
  };
}
