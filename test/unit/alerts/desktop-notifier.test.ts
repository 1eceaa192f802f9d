// What an incoming call shows on a desktop, with a fake daemon.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDesktopNotifier, sessionBusAddress } from "../../../plugin/alerts/desktop-notifier.ts";
import { notificationText } from "../../../plugin/alerts/notification-text.ts";
import type { NotifiedCall } from "../../../plugin/alerts/notifier.ts";
import { FakeDesktop } from "../../support/desktop/fake-daemon.ts";
import { settle } from "../../support/plugin/call-bench.ts";

const CALL: NotifiedCall = {
  callId: "call-1",
  peerId: "12D3KooWBobBobBob",
  peerLabel: "Bob",
  media: "audio",
};

function bench(busAddress: string | null = "unix:path=/fake") {
  const desktop = new FakeDesktop();
  const chosen: string[] = [];
  const logged: string[] = [];
  const notifier = createDesktopNotifier({
    busAddress,
    connect: desktop.connect,
    choices: {
      onAnswer: (callId) => void chosen.push(`answer ${callId}`),
      onDecline: (callId) => void chosen.push(`decline ${callId}`),
    },
    log: (_, message) => void logged.push(message),
  });
  return { desktop, notifier, chosen, logged };
}

const bodies = ({ shown }: FakeDesktop) => [...shown.values()].map(({ body }) => body);

describe("the notification of a call", () => {
  test("is shown once with Answer and Decline, and withdrawn with its connection", async () => {
    const { desktop, notifier, chosen } = bench();
    notifier.show(CALL);
    notifier.show({ ...CALL });
    await settle();
    assert.deepEqual(bodies(desktop), ["Bob"]);
    const [one] = desktop.past;
    assert.deepEqual(
      one?.actions.map(([, label]) => label),
      ["Answer", "Decline"],
    );
    desktop.press("decline");
    desktop.press("answer");
    assert.deepEqual(chosen, ["decline call-1", "answer call-1"]);
    notifier.show(null);
    await settle();
    assert.deepEqual([desktop.shown.size, desktop.connections, desktop.past.length], [0, 0, 1]);
  });

  test("gives way to that of the next call", async () => {
    const { desktop, notifier, chosen } = bench();
    notifier.show(CALL);
    notifier.show({ ...CALL, callId: "call-2", peerLabel: "Eve" });
    await settle();
    assert.deepEqual(bodies(desktop), ["Eve"]);
    desktop.press("answer");
    assert.deepEqual(chosen, ["answer call-2"]);
    await notifier.close();
    assert.deepEqual([desktop.shown.size, desktop.connections], [0, 0]);
  });

  test("is not left behind by a call that ends while it is being shown", async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const { desktop, notifier } = bench();
      notifier.show(CALL);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await notifier.close();
      assert.deepEqual([desktop.shown.size, desktop.connections], [0, 0], `after ${turns} turns`);
    }
  });

  test("has no buttons, and no markup to escape, where the daemon has neither", async () => {
    const { desktop, notifier } = bench();
    desktop.capabilities = ["body"];
    notifier.show({ ...CALL, peerLabel: "<Bob>" });
    await settle();
    assert.deepEqual(bodies(desktop), ["<Bob>"]);
    assert.deepEqual(desktop.past[0]?.actions, []);
    await notifier.close();
  });

  test("is not shown while the user does not want to be disturbed", async () => {
    const { desktop, notifier } = bench();
    desktop.isInhibited = true;
    notifier.show(CALL);
    await settle();
    assert.deepEqual(desktop.past, []);
    await notifier.close();
    assert.equal(desktop.connections, 0);
  });

  test("is shown again by a daemon that replaces the last one", async () => {
    const { desktop, notifier, chosen } = bench();
    notifier.show(CALL);
    await settle();
    desktop.restart();
    await settle();
    assert.deepEqual(bodies(desktop), ["Bob"]);
    desktop.press("answer");
    assert.deepEqual(chosen, ["answer call-1"]);
    await notifier.close();
    assert.equal(desktop.shown.size, 0);
  });

  test("is shown once by a daemon that it had to start", async () => {
    const { desktop, notifier } = bench();
    desktop.isStopped = true;
    notifier.show(CALL);
    await settle();
    assert.equal(desktop.past.length, 1);
    await notifier.close();
  });

  test("is shown when a daemon appears during the ring", async () => {
    const { desktop, notifier, logged } = bench();
    desktop.failure = new Error("ServiceUnknown");
    notifier.show(CALL);
    await settle();
    assert.deepEqual(logged, ["no notification of the call: ServiceUnknown"]);
    desktop.failure = null;
    desktop.restart();
    await settle();
    assert.deepEqual(bodies(desktop), ["Bob"]);
    await notifier.close();
  });

  test("is none without a session bus, and one line of the log where its address leads nowhere", async () => {
    const without = bench(null);
    without.notifier.show(CALL);
    await without.notifier.close();
    assert.deepEqual(without.logged, []);
    const wrong = bench("unix:path=/nowhere");
    wrong.notifier.show(CALL);
    await wrong.notifier.close();
    assert.equal(wrong.logged.length, 1);
  });

  test("ends without an error when the daemon refuses to withdraw it", async () => {
    const { desktop, notifier, logged } = bench();
    notifier.show(CALL);
    await settle();
    desktop.failure = new Error("gone");
    await notifier.close();
    assert.equal(logged.length, 1);
    assert.equal(desktop.connections, 0);
  });
});

describe("the text of a notification", () => {
  const bodyOf = (peerLabel: string, hasMarkup = true) =>
    notificationText({ ...CALL, peerLabel }, hasMarkup).body;

  test("names the kind of the call, and the caller", () => {
    assert.deepEqual(notificationText(CALL, true), { summary: "Incoming call", body: "Bob" });
    assert.equal(notificationText({ ...CALL, media: "video" }, true).summary, "Incoming video call");
  });

  test("shows a caller's markup as text", () => {
    assert.equal(
      bodyOf(`<a href="x">'&amp;'</a>`),
      "&lt;a href=&quot;x&quot;&gt;&apos;&amp;amp;&apos;&lt;/a&gt;",
    );
  });

  test("is one line in the reading direction, whatever the caller's name contains", () => {
    assert.equal(bodyOf("Bob\n\n\u202eBank\u0000 \u2028 Support\u200b"), "Bob Bank Support");
    assert.equal(bodyOf("李雷 🎉 Ñ"), "李雷 🎉 Ñ");
  });

  test("of a caller without a visible name has the beginning of its id", () => {
    for (const label of ["", " \t", "\u200b\u202e"]) assert.equal(bodyOf(label), "12D3KooWBobB…");
  });

  test("cuts a long name between characters, before it is escaped", () => {
    assert.equal(bodyOf("🎉".repeat(500)), `${"🎉".repeat(80)}…`);
    assert.equal(bodyOf("<".repeat(81)), `${"&lt;".repeat(80)}…`);
  });
});

test("the session bus is that of the environment, or that of the user's runtime folder", () => {
  const folder = { XDG_RUNTIME_DIR: "/run/user/1000" };
  assert.equal(sessionBusAddress({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/x", ...folder }), "unix:path=/x");
  assert.equal(sessionBusAddress(folder), "unix:path=/run/user/1000/bus");
  assert.equal(sessionBusAddress({}), null);
});
