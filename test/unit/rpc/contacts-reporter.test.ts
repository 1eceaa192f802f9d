// A host hears the whole list of contacts, or only changes if it asks for them. Both end in the same state.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { ContactsReporter, MAX_CONTACTS_PER_CHANGE } from "../../../plugin/rpc/contacts-reporter.ts";
import type { NotifyLatest } from "../../../plugin/rpc/notifier.ts";
import type { Contact } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";

const contactOf = (index: number, label = "", addresses: string[] = []): Contact => ({
  peerId: `FakePeer${"ABCDEFGHJKLMNPQRSTUVWXYZ"[index % 24]}${"ABCDEFGHJKLMNPQRSTUVWXYZ"[Math.floor(index / 24)]}`,
  label,
  addresses,
  reachable: true,
  videoDisabled: false,
});

function reporting(asksForChanges: boolean, isKnown: (peerId: string) => boolean = () => false) {
  let contacts: Contact[] = [];
  let waiting: (() => ReturnType<Parameters<NotifyLatest>[1]>) | null = null;
  const host = new Map<string, Contact>();
  const sizes: number[] = [];
  const reporter = new ContactsReporter({
    contacts: () => contacts,
    isKnown,
    asksForChanges: () => asksForChanges,
    notifyLatest: (_, read) => {
      waiting = read;
    },
  });
  return {
    host,
    sizes,
    set(now: Contact[]) {
      contacts = now;
      reporter.changed();
    },
    /** The host reads the next message. @returns what it names; null if there is nothing to read */
    async read() {
      const read = waiting;
      waiting = null;
      const told = read?.() ?? null;
      await Promise.resolve();
      if (!told) return null;
      sizes.push(told.contacts.length);
      if (told.removed === undefined) host.clear();
      for (const peerId of told.removed ?? []) host.delete(peerId);
      for (const contact of told.contacts) host.set(contact.peerId, contact);
      return told;
    },
    isWaiting: () => waiting !== null,
  };
}

for (const asksForChanges of [false, true]) {
  test(`a host that ${asksForChanges ? "asks for changes" : "takes the list"} ends with the same contacts`, async () => {
    const random = seededRandom(11);
    const { host, set, read, isWaiting } = reporting(asksForChanges);
    let last: Contact[] = [];
    for (let step = 0; step < 500; step += 1) {
      const count = random.below(60);
      last = Array.from({ length: count }, () => contactOf(random.below(100), String(random.below(5))));
      last = [...new Map(last.map((contact) => [contact.peerId, contact])).values()];
      set(last);
      if (random.chance(0.3)) await read();
    }
    while (isWaiting()) await read();
    const byId = (contacts: Iterable<Contact>) =>
      [...contacts].toSorted((a, b) => (a.peerId < b.peerId ? -1 : 1));
    assert.deepEqual(byId(host.values()), byId(last));
  });
}

describe("changes", () => {
  test("name what is new, changed or gone, and nothing else", async () => {
    const { set, read } = reporting(true);
    set([contactOf(1), contactOf(2)]);
    assert.deepEqual(await read(), { contacts: [contactOf(1), contactOf(2)], removed: [] });
    set([contactOf(1, "Eva"), contactOf(3)]);
    assert.deepEqual(await read(), {
      contacts: [contactOf(1, "Eva"), contactOf(3)],
      removed: [contactOf(2).peerId],
    });
    set([contactOf(1, "Eva"), contactOf(3)]);
    assert.equal(await read(), null);
  });

  test("come a few at a time, those of known peers first, and all have their turn", async () => {
    const friend = contactOf(150).peerId;
    const { host, sizes, set, read, isWaiting } = reporting(true, (peerId) => peerId === friend);
    const all = (label: string) => Array.from({ length: 151 }, (_, index) => contactOf(index, label));
    // Strangers change their contacts all the time.
    for (let step = 0; step < 40; step += 1) {
      set(all(String(step)));
      await read();
      assert.equal(host.get(friend)?.label, String(step), "the friend's state is never old");
    }
    assert.equal(host.size, 151);
    assert.ok(
      [...host.values()].every(({ label }) => Number(label) >= 40 - 12),
      "no contact is passed over",
    );
    assert.ok(Math.max(...sizes) <= MAX_CONTACTS_PER_CHANGE);
    while (isWaiting()) await read();
    assert.ok([...host.values()].every(({ label }) => label === "39"));
  });
});

const benches: PluginBench[] = [];
after(() => Promise.all(benches.map((bench) => bench.end())));

for (const [version, capabilities, isTold] of [
  [{ protocolVersions: [1, 2] }, ["contactChanges"], true],
  [{ protocolVersions: [1, 2] }, [], false],
  [{ protocolVersion: 1 }, ["contactChanges"], false],
] as const) {
  const host = `a host with ${JSON.stringify(version)} and the capabilities ${JSON.stringify(capabilities)}`;
  test(`${host} gets ${isTold ? "changes" : "the list"}`, async () => {
    const network = createFakeSignallingNetwork();
    const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
    benches.push(alice, bob);
    const identity = { label: "Alice" };
    await alice.host.request("initialize", {
      ...("protocolVersions" in version ? { protocolVersions: [...version.protocolVersions] } : version),
      capabilities: [...capabilities],
      host: { name: "a test" },
      identity,
    });
    alice.host.notify("initialized", {});
    const bobId = await bob.start();
    const told = await alice.waitFor("contacts.changed", ({ contacts }) =>
      contacts.some(({ peerId }) => peerId === bobId),
    );
    assert.equal(told.removed !== undefined, isTold);
  });
}
