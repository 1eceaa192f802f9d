// Runs the contract of Sound on the fake, and on the real one with a PulseAudio server of its own.

import { createSound } from "../../plugin/sound/create-sound.ts";
import type { Sound } from "../../plugin/sound/sound.ts";
import { paceBlocks } from "../../plugin/sound/tone.ts";
import { createFakeSound, FakeSound } from "../support/fakes/fake-sound.ts";
import { startPulse } from "../support/sound/pulse.ts";
import { describeSound } from "./sound.contract.ts";

describeSound("the fake sound", async () => ({
  create: createFakeSound,
  async passBlocks(sound: Sound, count: number) {
    if (!(sound instanceof FakeSound)) throw new Error("expected the fake");
    for (let index = 0; index < count; index += 1) sound.emitBlock();
  },
  async stop() {
    // It has no resources.
  },
}));

describeSound("the real sound", async () => {
  const pulse = await startPulse();
  return {
    create: () => createSound({ log: () => undefined, env: pulse.env }),
    passBlocks: (_sound: Sound, count: number) => paced(count),
    stop: () => pulse.stop(),
  };
});

/** Real devices have a clock of their own, so this waits for the time of `count` blocks. */
function paced(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const stop = paceBlocks(() => {
    left -= 1;
    if (left > 0) return;
    stop();
    resolve();
  });
  return promise;
}
