// The side of the page: who the user is, whom they can call, and how to add somebody.

import type { Contact, MediaKind } from "../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { peerName } from "../messages.ts";
import type { PageState } from "../store.ts";
import { callsDisabledBy, createAvailabilityBanner, createWarningSign } from "./availability.ts";
import { createAvatar } from "./avatar.ts";

export interface ContactListHandlers {
  onCall(peerId: string, media: MediaKind): void;
  onAdd(): void;
  onDevices(): void;
  onSettings(): void;
}

export interface ContactList {
  readonly element: HTMLElement;
  /** Calling is offered only while the plugin is ready and no call is under way. */
  update(state: PageState): void;
}

export function createContactList(handlers: ContactListHandlers): ContactList {
  const identity = createIdentity(handlers);
  const banner = createAvailabilityBanner(handlers.onSettings);
  const list = h("ul", { class: "contacts", testId: "contacts" });
  const nobody = createNobody(handlers.onAdd);
  const rows = new Map<string, ContactRow>();
  const add = button(
    { class: "icon-button", testId: "add-contact", label: "Add a contact", onClick: handlers.onAdd },
    icon("plus"),
  );
  const heading = h("div", { class: "section-head" }, h("h2", {}, "Contacts"), add);
  const parts = [identity.element, banner.element, heading, list, nobody];
  const element = h("aside", { class: "side", label: "Contacts" }, ...parts);

  return {
    element,
    update(state) {
      identity.update(state);
      banner.update(state);
      const isReady = state.host?.plugin.state === "ready" && state.isConnected;
      const isFree = isReady && state.calls.length === 0;
      setHidden(nobody, !isReady || state.contacts.length > 0);
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

/** Keeps the rows that stay, so that the keyboard focus in the list survives an update. */
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
      const obstacle = callsDisabledBy(isOwnDisabled, videoDisabled);
      sign.update(obstacle, shown);
      for (const call of [voice, video]) setHidden(call, obstacle !== null);
      avatar.set(shown, peerId);
      setText(name, shown);
      setText(status, reachable ? "Available" : "Not reachable");
      element.title = peerId;
      element.dataset.reachable = String(reachable);
      setAttribute(voice, "aria-label", `Call ${shown} by voice`);
      setAttribute(video, "aria-label", `Call ${shown} with video`);
      // A peer that looks unreachable may still be called: the list can be behind the network.
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
  const name = h("h1", { class: "own-name", testId: "own-name" });
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
      const { words, mood } = ownStatus(state);
      setText(status, words);
      status.dataset.mood = mood;
      devices.disabled = state.host?.plugin.state !== "ready";
    },
  };
}

function ownStatus({ isConnected, host }: PageState): { words: string; mood: "good" | "wait" | "bad" } {
  if (!isConnected || !host) return { words: "Connecting…", mood: "wait" };
  if (host.plugin.state === "stopped") return { words: "Calls stopped", mood: "bad" };
  if (host.plugin.state === "off") return { words: "Calls are not in use", mood: "wait" };
  if (host.mode === "browser") return { words: "Calls are made elsewhere", mood: "wait" };
  if (host.availability?.videoDisabled) return { words: "Calls disabled", mood: "bad" };
  if (host.signalling?.state === "failed") return { words: "No network", mood: "bad" };
  if (host.signalling?.state === "ready") return { words: "Ready for calls", mood: "good" };
  return { words: "Starting…", mood: "wait" };
}

function createNobody(onAdd: () => void): HTMLElement {
  return h(
    "div",
    { class: "nobody", testId: "no-contacts" },
    icon("people"),
    h("p", {}, "Nobody found yet. People on your network appear here by themselves."),
    button({ class: "button", onClick: onAdd }, "Add by address"),
  );
}
