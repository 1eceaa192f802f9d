// Runs the contract of Sound against the fake and against the real one on a private PulseAudio.

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
    for (let index = 0; index < count; index += 1) sound.speak();
  },
  async stop() {
    // It holds nothing.
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

/** Real devices have their own time: wait for as many blocks as the tone would give. */
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
