// Runs the contract of Sound on the fake, and on the real one: through ALSA, and by the devices of both sound servers.

import { loadNative } from "../../native/index.ts";
import { createSound } from "../../plugin/sound/create-sound.ts";
import type { Sound } from "../../plugin/sound/sound.ts";
import { paceBlocks } from "../../plugin/sound/tone.ts";
import { createFakeSound, FakeSound } from "../support/fakes/fake-sound.ts";
import { startPulse } from "../support/sound/pulse.ts";
import { addMicrophone, addSpeaker, SERVER_KINDS, startServer } from "../support/sound/real-server.ts";
import { describeSound } from "./sound.contract.ts";

const FAKES = {
  "the fake sound": () => createFakeSound(),
  "the fake sound with devices of ALSA": () =>
    createFakeSound({ format: { sampleRate: 44_100, channels: 2 } }),
};
for (const [name, create] of Object.entries(FAKES)) {
  describeSound(name, async () => ({
    create,
    async passBlocks(sound: Sound, count: number) {
      if (!(sound instanceof FakeSound)) throw new Error("expected the fake");
      for (let index = 0; index < count; index += 1) sound.emitBlock();
    },
    async stop() {
      // It has no resources.
    },
  }));
}

describeSound("the real sound through ALSA", async () => {
  const pulse = await startPulse();
  return {
    create: () => createSound({ log: () => undefined, env: pulse.env }),
    passBlocks: (_sound: Sound, count: number) => paced(count),
    stop: () => pulse.stop(),
  };
});

for (const kind of SERVER_KINDS) {
  describeSound(`the real sound by the devices of ${kind}`, async () => {
    const server = await startServer(kind);
    await addSpeaker(server, "builtin", "Built-in Audio");
    await addMicrophone(server, "builtin-mic", "Built-in Audio");
    await server.pactl("set-default-sink", "builtin");
    await server.pactl("set-default-source", "builtin-mic");
    // An idle microphone of PulseAudio's delivers late.
    server.listen("builtin-mic.feed", () => undefined);
    return {
      create: () => createSound({ log: () => undefined, env: server.env, engine: loadNative() }),
      passBlocks: (_sound: Sound, count: number) => paced(count),
      stop: () => server.stop(),
    };
  });
}

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
