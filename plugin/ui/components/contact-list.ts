// The side of the page: the user's name and status, the contacts, and a button that adds one.

import type { Contact, MediaKind } from "../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { peerName } from "../messages.ts";
import type { PageState } from "../store.ts";
import { callsDisabledBy, createAvailabilityBanner, createWarningSign } from "./availability.ts";
import { createAvatar } from "./avatar.ts";

interface ContactListHandlers {
  onCall(peerId: string, media: MediaKind): void;
  onAdd(): void;
  onDevices(): void;
  onSettings(): void;
}

interface ContactList {
  readonly element: HTMLElement;
  /** The call buttons are enabled while the plugin is ready and there is no call. */
  update(state: PageState): void;
}

export function createContactList(handlers: ContactListHandlers): ContactList {
  const identity = createIdentity(handlers);
  const banner = createAvailabilityBanner(handlers.onSettings);
  const list = h("ul", { class: "contacts", testId: "contacts" });
  const emptyList = createEmptyList(handlers.onAdd);
  const rows = new Map<string, ContactRow>();
  const add = button(
    { class: "icon-button", testId: "add-contact", label: "Add a contact", onClick: handlers.onAdd },
    icon("plus"),
  );
  const heading = h("div", { class: "section-head" }, h("h2", {}, "Contacts"), add);
  const parts = [identity.element, banner.element, heading, list, emptyList];
  const element = h("aside", { class: "side", label: "Contacts" }, ...parts);

  return {
    element,
    update(state) {
      identity.update(state);
      banner.update(state);
      const isReady = state.host?.plugin.state === "ready" && state.isConnected;
      const isFree = isReady && state.calls.length === 0;
      setHidden(emptyList, !isReady || state.contacts.length > 0);
      const isOwnDisabled = state.host?.availability?.videoDisabled ?? false;
      const update = (row: ContactRow, contact: Contact) => row.update(contact, isFree, isOwnDisabled);
      updateRows(list, rows, sorted(state.contacts), update, handlers);
    },
  };
}

function sorted(contacts: Contact[]): Contact[] {
  return contacts.toSorted(
    (a, b) =>
      Number(b.reachable) - Number(a.reachable) ||
      peerName(a.label, a.peerId).localeCompare(peerName(b.label, b.peerId)),
  );
}

/** Reuses the rows of known contacts, so that the keyboard focus survives an update. */
function updateRows(
  list: HTMLElement,
  rows: Map<string, ContactRow>,
  contacts: Contact[],
  update: (row: ContactRow, contact: Contact) => void,
  handlers: ContactListHandlers,
): void {
  const kept = new Set(contacts.map(({ peerId }) => peerId));
  for (const [peerId, row] of rows) {
    if (kept.has(peerId)) continue;
    row.element.remove();
    rows.delete(peerId);
  }
  contacts.forEach((contact, position) => {
    const row = rows.get(contact.peerId) ?? createRow(contact.peerId, handlers);
    rows.set(contact.peerId, row);
    update(row, contact);
    const current = list.children[position];
    if (current !== row.element) list.insertBefore(row.element, current ?? null);
  });
}

interface ContactRow {
  readonly element: HTMLElement;
  update(contact: Contact, isFree: boolean, isOwnDisabled: boolean): void;
}

function createRow(peerId: string, handlers: ContactListHandlers): ContactRow {
  const avatar = createAvatar();
  const name = h("span", { class: "contact-name" });
  const status = h("span", { class: "contact-status" });
  const voice = callButton(peerId, "audio", handlers);
  const video = callButton(peerId, "video", handlers);
  const sign = createWarningSign();
  const element = h(
    "li",
    { class: "contact", testId: `contact-${peerId}` },
    avatar.element,
    h("div", { class: "contact-text" }, name, status),
    voice,
    video,
    sign.element,
  );
  return {
    element,
    update({ label, reachable, videoDisabled }, isFree, isOwnDisabled) {
      const shown = peerName(label, peerId);
      const disabledBy = callsDisabledBy(isOwnDisabled, videoDisabled);
      sign.update(disabledBy, shown);
      for (const call of [voice, video]) setHidden(call, disabledBy !== null);
      avatar.set(shown, peerId);
      setText(name, shown);
      setText(status, reachable ? "Available" : "Not reachable");
      element.title = peerId;
      element.dataset.reachable = String(reachable);
      setAttribute(voice, "aria-label", `Call ${shown} by voice`);
      setAttribute(video, "aria-label", `Call ${shown} with video`);
      // Unreachable contacts keep their buttons, because the list can be out of date.
      voice.disabled = !isFree;
      video.disabled = !isFree;
    },
  };
}

function callButton(peerId: string, media: MediaKind, handlers: ContactListHandlers): HTMLButtonElement {
  const onClick = () => handlers.onCall(peerId, media);
  const testId = `call-${media}`;
  return button(
    { class: "icon-button call-button", testId, attributes: { "data-peer": peerId }, onClick },
    icon(media === "audio" ? "phone" : "video"),
  );
}

function createIdentity({ onDevices, onSettings }: ContactListHandlers): ContactList {
  const avatar = createAvatar();
  const name = h("h2", { class: "own-name", testId: "own-name" });
  const status = h("span", { class: "own-status", testId: "own-status", attributes: { role: "status" } });
  const devices = button(
    {
      class: "icon-button",
      testId: "devices-open",
      label: "Camera, microphone and speaker",
      onClick: onDevices,
    },
    icon("devices"),
  );
  const settings = button(
    { class: "icon-button", testId: "settings-open", label: "Settings", onClick: onSettings },
    icon("settings"),
  );
  const text = h("div", { class: "contact-text" }, name, status);
  const element = h("header", { class: "identity" }, avatar.element, text, devices, settings);
  return {
    element,
    update(state) {
      const label = state.host?.label ?? "";
      avatar.set(label, label);
      setText(name, label || "Calls");
      const { text, mood } = ownStatus(state);
      setText(status, text);
      status.dataset.mood = mood;
      devices.disabled = state.host?.plugin.state !== "ready";
    },
  };
}

function ownStatus({ isConnected, host }: PageState): { text: string; mood: "good" | "wait" | "bad" } {
  if (!isConnected || !host) return { text: "Connecting…", mood: "wait" };
  if (host.plugin.state === "stopped") return { text: "Calls stopped", mood: "bad" };
  if (host.plugin.state === "off") return { text: "Calls are not in use", mood: "wait" };
  if (host.mode === "browser") return { text: "Calls are made elsewhere", mood: "wait" };
  if (host.availability?.videoDisabled) return { text: "Calls disabled", mood: "bad" };
  if (host.signalling?.state === "failed") return { text: "No network", mood: "bad" };
  if (host.signalling?.state === "ready") return { text: "Ready for calls", mood: "good" };
  return { text: "Starting…", mood: "wait" };
}

function createEmptyList(onAdd: () => void): HTMLElement {
  return h(
    "div",
    { class: "nobody", testId: "no-contacts" },
    icon("people"),
    h("p", {}, "Nobody found yet. People on your network appear here by themselves."),
    button({ class: "button", onClick: onAdd }, "Add by address"),
  );
}
