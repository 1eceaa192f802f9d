// Tells the host its contacts: the whole list, or to a host that asks for them only the changes since the last message.

import type { Contact, PluginNotificationParams } from "../../rpc-schema/index.ts";
import type { NotifyLatest } from "./notifier.ts";

type Told = PluginNotificationParams<"contacts.changed">;

/** Keeps a message small when a stranger changes many contacts at once. The others follow in the next message. */
export const MAX_CONTACTS_PER_CHANGE = 16;

export interface ContactsReporterOptions {
  /** Of this moment. */
  contacts(): Contact[];
  /** Whether the user has chosen the peer. Changes of these peers go first. */
  isKnown(peerId: string): boolean;
  /** Whether the host asked for changes instead of the list. */
  asksForChanges(): boolean;
  readonly notifyLatest: NotifyLatest;
}

export class ContactsReporter {
  readonly #options: ContactsReporterOptions;
  /** JSON of each contact as the host knows it, the longest unchanged first. */
  readonly #told = new Map<string, string>();
  /** JSON of the last whole list. */
  #lastList = "[]";

  constructor(options: ContactsReporterOptions) {
    this.#options = options;
  }

  /** Tells the host of the contacts as they are when its line is written. */
  changed(): void {
    const { asksForChanges, notifyLatest } = this.#options;
    notifyLatest("contacts.changed", () => (asksForChanges() ? this.#changes() : this.#list()));
  }

  #list(): Told | null {
    const contacts = this.#options.contacts();
    const text = JSON.stringify(contacts);
    if (text === this.#lastList) return null;
    this.#lastList = text;
    return { contacts };
  }

  #changes(): Told | null {
    const now = new Map(this.#options.contacts().map((contact) => [contact.peerId, contact]));
    const removed = [...this.#told.keys()].filter((peerId) => !now.has(peerId));
    for (const peerId of removed) this.#told.delete(peerId);
    const changed = this.#inOrder(
      [...now.values()].filter((contact) => JSON.stringify(contact) !== this.#told.get(contact.peerId)),
    );
    const contacts = changed.slice(0, MAX_CONTACTS_PER_CHANGE);
    for (const contact of contacts) {
      this.#told.delete(contact.peerId);
      this.#told.set(contact.peerId, JSON.stringify(contact));
    }
    // Later, because the present message has not left yet.
    if (contacts.length < changed.length) queueMicrotask(() => this.changed());
    return contacts.length + removed.length === 0 ? null : { contacts, removed };
  }

  /** Known peers first, then those whose last message is the longest ago, so that all have their turn. */
  #inOrder(contacts: readonly Contact[]): Contact[] {
    const ages = new Map([...this.#told.keys()].map((peerId, index) => [peerId, index]));
    const rank = ({ peerId }: Contact) => (this.#options.isKnown(peerId) ? -1 : (ages.get(peerId) ?? 0));
    return contacts.toSorted((a, b) => rank(a) - rank(b));
  }
}
