// The contract of a notification daemon. Run on the fake, and on dunst over a real session bus.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type {
  ConnectToDaemon,
  DaemonEvents,
  NotificationDaemon,
} from "../../../plugin/alerts/notification-daemon.ts";

export interface DaemonHarness {
  readonly busAddress: string;
  readonly connect: ConnectToDaemon;
  /** Resolves when so many notifications are on the screen. */
  showing(count: number): Promise<void>;
  /** Presses this button of the notification that is shown. */
  press(id: string, label: string): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const CALL = {
  summary: "Incoming call",
  body: "Bob",
  actions: [
    ["answer", "Answer"],
    ["decline", "Decline"],
  ],
} as const;

class Events implements DaemonEvents {
  readonly actions: string[] = [];
  readonly daemons: string[] = [];
  readonly #waiting = new Set<() => void>();

  onAction(id: number, action: string): void {
    this.actions.push(`${id} ${action}`);
    this.#check();
  }

  onNewDaemon(daemon: string): void {
    this.daemons.push(daemon);
    this.#check();
  }

  /** Resolves when the condition holds. The test's time limit ends a wait in vain. */
  until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (condition()) resolve();
    };
    this.#waiting.add(check);
    check();
    return promise;
  }

  #check(): void {
    for (const check of this.#waiting) check();
  }
}

export function describeDaemon(name: string, start: () => Promise<DaemonHarness>): void {
  describe(`${name}: the contract of a notification daemon`, { timeout: 240_000 }, () => {
    let harness: DaemonHarness;
    let daemon: NotificationDaemon;
    let events: Events;
    before(async () => {
      harness = await start();
    });
    after(() => harness.stop());
    beforeEach(async () => {
      events = new Events();
      daemon = await harness.connect(harness.busAddress, events);
    });
    afterEach(() => daemon.disconnect());

    test("names its capabilities, and may be disturbed", async () => {
      const capabilities = await daemon.capabilities();
      assert.ok(["actions", "body", "body-markup"].every((one) => capabilities.includes(one)));
      assert.equal(await daemon.isInhibited(), false);
    });

    test("shows notifications under different ids, and withdraws them", async () => {
      const first = await daemon.notify(CALL);
      const second = await daemon.notify(CALL);
      assert.notEqual(first.id, second.id);
      assert.equal(first.daemon, second.daemon);
      await harness.showing(2);
      await daemon.withdraw(first.id);
      await daemon.withdraw(second.id);
      await harness.showing(0);
    });

    test("takes the withdrawal of a notification that is gone", async () => {
      const { id } = await daemon.notify({ ...CALL, actions: [] });
      await daemon.withdraw(id);
      await daemon.withdraw(id);
      await daemon.withdraw(4_000_000_000);
    });

    test("reports the button that the user pressed", async () => {
      const { id } = await daemon.notify(CALL);
      await harness.showing(1);
      await harness.press("decline", "Decline");
      await events.until(() => events.actions.length > 0);
      assert.deepEqual(events.actions, [`${id} decline`]);
      await daemon.withdraw(id);
      await harness.showing(0);
    });

    test("reports another daemon, which shows nothing at first", async () => {
      const before = await daemon.notify(CALL);
      await harness.showing(1);
      await harness.restart();
      await events.until(() => events.daemons.length > 0);
      const after = await daemon.notify(CALL);
      assert.notEqual(after.daemon, before.daemon);
      assert.equal(events.daemons.at(-1), after.daemon);
      await harness.showing(1);
      await daemon.withdraw(after.id);
      await harness.showing(0);
    });

    test("is not reached at an address without a bus", async () => {
      await assert.rejects(harness.connect("unix:path=/nowhere", events), /connect E/);
    });
  });
}
