// What every adapter of the interface to screens must do. screen.test.ts runs it for each.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type {
  CapturedScreen,
  ScreenCallbacks,
  ScreenError,
  Screens,
} from "../../../plugin/screen/screens.ts";
import { settle } from "../../support/plugin/call-bench.ts";

export interface ScreenSubject {
  readonly name: string;
  /** What is chosen in the test; null where the desktop asks. */
  readonly source: string | null;
  readonly screens: Screens;
  /** The user chooses in the desktop's dialog, if there is one. */
  choose(): void;
  /** Changes what the source shows. */
  paint(): Promise<void>;
  /** Takes the source away, as the user can. */
  takeAway(): Promise<void>;
}

const CONSTRAINTS = { width: 1920, height: 1080, fps: 30 };

/** @param open makes a source that was not taken away */
export function screenContract(name: string, open: () => Promise<ScreenSubject>): void {
  describe(`screens: ${name}`, { timeout: 120_000 }, () => {
    const shared = new Set<CapturedScreen>();
    afterEach(async () => {
      for (const one of shared) await one.close();
      shared.clear();
    });

    async function share(subject: ScreenSubject) {
      let frames = 0;
      let wake = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<ScreenError>();
      const callbacks: ScreenCallbacks = {
        onFrame() {
          frames += 1;
          wake.resolve();
        },
        onEnded: ended.resolve,
      };
      const withdrawal = new AbortController();
      const request = { source: subject.source, constraints: CONSTRAINTS, signal: withdrawal.signal };
      const sharing = subject.screens.share(request, callbacks);
      await settle();
      subject.choose();
      const screen = await sharing;
      shared.add(screen);
      return {
        screen,
        ended: ended.promise,
        frames: () => frames,
        async nextFrame(paint: () => Promise<void>) {
          wake = Promise.withResolvers();
          await paint();
          await wake.promise;
        },
      };
    }

    test("captures the chosen source, and frames follow its changes", async () => {
      const subject = await open();
      const { screen, nextFrame } = await share(subject);
      for (let frame = 0; frame < 3; frame += 1) await nextFrame(subject.paint);
      assert.ok(screen.mode.width > 0 && screen.mode.height > 0);
      assert.ok(screen.counters().captured >= 3);
    });

    test("takes no frame after its close, which may be called again", async () => {
      const subject = await open();
      const { screen, frames, nextFrame } = await share(subject);
      await nextFrame(subject.paint);
      await screen.close();
      const [taken, delivered] = [screen.counters().captured, frames()];
      for (let frame = 0; frame < 5; frame += 1) await subject.paint();
      await settle();
      await screen.close();
      assert.deepEqual([screen.counters().captured, frames()], [taken, delivered]);
    });

    test("ends when the source is taken away, and says so once", async () => {
      const subject = await open();
      const { screen, ended, nextFrame } = await share(subject);
      await nextFrame(subject.paint);
      await subject.takeAway();
      const error = await ended;
      assert.ok(["closed", "stoppedByDesktop"].includes(error.reason), error.reason);
      assert.doesNotMatch(error.message, /^[A-Z].*\.$/);
      await screen.close();
    });

    test("captures nothing for a request that was withdrawn", async () => {
      const subject = await open();
      const withdrawal = new AbortController();
      withdrawal.abort();
      let frames = 0;
      const onFrame = () => {
        frames += 1;
      };
      const callbacks = { onFrame, onEnded: () => assert.fail("it never began") };
      const request = { source: subject.source, constraints: CONSTRAINTS, signal: withdrawal.signal };
      await assert.rejects(subject.screens.share(request, callbacks), {
        name: "ScreenError",
        reason: "stopped",
      });
      await subject.paint();
      await settle();
      assert.equal(frames, 0);
    });

    test("offers what can be shared without capturing it", async () => {
      const { screens, source } = await open();
      const offer = await screens.offer();
      assert.equal(offer.chooser, source === null ? "desktop" : "host");
      if (offer.chooser === "host") assert.ok(offer.sources.some(({ id }) => id === source));
    });
  });
}
