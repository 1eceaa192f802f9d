// Runs the contract of a notification daemon, and shows a whole call on a real desktop.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createDesktopNotifier } from "../../../plugin/alerts/desktop-notifier.ts";
import { connectToDaemon } from "../../../plugin/alerts/freedesktop-daemon.ts";
import type { NotificationChoices } from "../../../plugin/alerts/notifier.ts";
import { FakeDesktop } from "../../support/desktop/fake-daemon.ts";
import { type Desktop, startDesktop } from "../../support/desktop/private-desktop.ts";
import { describeDaemon } from "./notification-daemon.contract.ts";

/** Polls, because a daemon draws when it likes. The test's time limit ends it. */
async function reaches(count: number, now: () => number | Promise<number>): Promise<void> {
  while ((await now()) !== count) await new Promise((resolve) => setTimeout(resolve, 10));
}

describeDaemon("the fake daemon", async () => {
  const desktop = new FakeDesktop();
  return {
    busAddress: "unix:path=/fake",
    connect: desktop.connect,
    showing: (count) => reaches(count, () => desktop.shown.size),
    press: async (id) => desktop.press(id),
    restart: async () => desktop.restart(),
    async stop() {
      assert.equal(desktop.connections, 0);
    },
  };
});

/** Starting a display and a daemon takes seconds on a busy machine, so the tests share them. */
let desktop: Desktop;
before(async () => {
  desktop = await startDesktop();
});
after(() => desktop.stop());

describeDaemon("dunst", async () => ({
  busAddress: desktop.busAddress,
  connect: connectToDaemon,
  showing: (count) => reaches(count, () => desktop.shownCount()),
  press: (_, label) => desktop.press(label),
  restart: () => desktop.restartDaemon(),
  async stop() {
    // The tests below go on with this desktop.
  },
}));

describe("a call on a desktop with dunst", { timeout: 240_000 }, () => {
  const call = { callId: "call-1", peerId: "12D3KooWBobBob", peerLabel: "Bob", media: "video" } as const;
  const showing = (count: number) => reaches(count, () => desktop.shownCount());

  function notifierOf(choices: Partial<NotificationChoices>, onLog: (message: string) => void) {
    return createDesktopNotifier({
      busAddress: desktop.busAddress,
      choices: { onAnswer: assert.fail, onDecline: assert.fail, ...choices },
      log: (_, message) => onLog(message),
    });
  }

  test("is shown with the caller's name as plain text, answered, and withdrawn", async () => {
    const answered = Promise.withResolvers<string>();
    const notifier = notifierOf({ onAnswer: answered.resolve }, assert.fail);
    try {
      notifier.show({ ...call, peerLabel: '<b>Bob</b> & <a href="x">\u202eevil\nline' });
      await showing(1);
      await desktop.press("Answer");
      assert.equal(await answered.promise, "call-1");
      notifier.show(null);
      await showing(0);
      const [past] = await desktop.past();
      assert.deepEqual(
        [past?.summary, past?.body, past?.category],
        [
          "Incoming video call",
          "&lt;b&gt;Bob&lt;/b&gt; &amp; &lt;a href=&quot;x&quot;&gt; evil line",
          "call.incoming",
        ],
      );
    } finally {
      await notifier.close();
    }
  });

  test("is kept back while the user has paused the daemon, and gone when the pause ends after the call", async () => {
    const waiting = (count: number) => reaches(count, () => desktop.waitingCount());
    const notifier = notifierOf({}, assert.fail);
    try {
      await desktop.pause(true);
      notifier.show(call);
      await waiting(1);
      assert.equal(await desktop.shownCount(), 0);
      await notifier.close();
      await waiting(0);
    } finally {
      await notifier.close();
      await desktop.pause(false);
    }
    assert.equal(await desktop.shownCount(), 0);
  });

  test("is not shown on a bus without a daemon, with one line in the log, and appears with the daemon", async () => {
    const logged = Promise.withResolvers<string>();
    const notifier = notifierOf({}, logged.resolve);
    try {
      await desktop.stopDaemon();
      notifier.show(call);
      assert.match(await logged.promise, /^no notification of the call: /);
      await desktop.restartDaemon();
      await showing(1);
      await notifier.close();
      await showing(0);
    } finally {
      await notifier.close();
    }
  });
});
