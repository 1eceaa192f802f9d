// The ringer on a sound without devices: what it plays, and that its speaker is open only meanwhile.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ringer } from "../../../plugin/alerts/ringer.ts";
import { TONES } from "../../../plugin/alerts/tones.ts";
import { peakLevel } from "../../../plugin/sound/level.ts";
import { SAMPLE_RATE, SoundError } from "../../../plugin/sound/sound.ts";
import { createFakeSound } from "../../support/fakes/fake-sound.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { joined } from "../../support/sound/sound-helpers.ts";
import { dominantFrequency } from "../../support/sound/spectrum.ts";

function bench() {
  const sound = createFakeSound({ speakers: ["fake:speaker", "fake:box"] });
  const clock = new ManualClock();
  const logged: string[] = [];
  const log = (level: string, message: string) => void logged.push(`${level}: ${message}`);
  const ringer = new Ringer({ sound, log, clock });
  return { sound, clock, logged, ringer, openIds: () => openIds(sound) };
}

const openIds = ({ ringers }: ReturnType<typeof createFakeSound>) =>
  ringers.filter(({ isOpen }) => isOpen).map(({ deviceId }) => deviceId);

const ring = { sound: "ring", speaker: "auto" } as const;

describe("the ringer", () => {
  test("plays a sound on the chosen speaker, every 10 ms, until it is stopped", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play({ ...ring, speaker: "fake:box" });
    await settle();
    assert.deepEqual(openIds(), ["fake:box"]);
    clock.advance(1_000);
    const [played] = sound.ringers;
    assert.equal(played?.played.length, 101);
    const note = joined(played?.played.slice(1, 15) ?? []);
    assert.ok(Math.abs(dominantFrequency(note, SAMPLE_RATE) - 660) < 5);
    await stopped(ringer, clock);
    assert.deepEqual(openIds(), []);
  });

  test("is silent 10 ms after it is stopped, and closes its speaker 40 ms later", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play(ring);
    await settle();
    clock.advance(100);
    ringer.play(null);
    clock.advance(20);
    const played = sound.ringers[0]?.played ?? [];
    assert.equal(played.length, 13);
    assert.equal(played[11]?.at(-1), 0, "the block after the stop fades out");
    assert.equal(peakLevel(played[12] ?? new Int16Array(0)), 0);
    clock.advance(30);
    await settle();
    assert.deepEqual(openIds(), []);
    assert.equal(clock.timers, 0);
    assert.equal(played.length, 16);
  });

  test("that is stopped while its speaker opens never plays, and closes it at once", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play(ring);
    await Promise.resolve();
    ringer.play(null);
    await settle();
    assert.deepEqual(openIds(), []);
    assert.deepEqual(
      sound.ringers.flatMap(({ played }) => played),
      [],
    );
    assert.equal(clock.timers, 0);
  });

  test("goes from one sound to the next on the same speaker without a click and without opening it again", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play({ sound: "ringBack", speaker: "auto" });
    await settle();
    clock.advance(205);
    ringer.play({ sound: "busy", speaker: "auto" });
    clock.advance(500);
    assert.equal(sound.ringers.length, 1);
    const samples = joined(sound.ringers[0]?.played ?? []);
    const jumps = Array.from(samples).map((sample, index) => Math.abs(sample - (samples[index - 1] ?? 0)));
    assert.ok(Math.max(...jumps) < 1.2 * ((2 * Math.PI * 425) / SAMPLE_RATE) * TONES.busy.level * 32_767);
    await stopped(ringer, clock);
    assert.deepEqual(openIds(), []);
  });

  test("opens another speaker only after the last one is closed", async () => {
    const { clock, ringer, openIds } = bench();
    ringer.play(ring);
    await settle();
    ringer.play({ sound: "ringBack", speaker: "fake:box" });
    await settle();
    assert.deepEqual(openIds(), ["fake:speaker"]);
    clock.advance(60);
    await settle();
    assert.deepEqual(openIds(), ["fake:box"]);
    await stopped(ringer, clock);
  });

  test("closes its speaker after a sound that ends by itself, and does not repeat it", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play({ sound: "ended", speaker: "auto" });
    await settle();
    clock.advance(1_000);
    await settle();
    assert.deepEqual(openIds(), []);
    ringer.play({ sound: "ended", speaker: "auto" });
    await settle();
    assert.equal(sound.ringers.length, 1);
    ringer.play(ring);
    await settle();
    assert.equal(sound.ringers.length, 2);
    await stopped(ringer, clock);
  });

  test("opens nothing for the speaker `none`", async () => {
    const { sound, ringer } = bench();
    ringer.play({ ...ring, speaker: "none" });
    await settle();
    assert.deepEqual(sound.ringers, []);
    await ringer.close();
  });

  test("without a working speaker stays silent and logs one line", async () => {
    const { sound, logged, clock, ringer } = bench();
    sound.failRinging = new SoundError("there is no sound server");
    ringer.play(ring);
    await settle();
    ringer.play(ring);
    await settle();
    assert.deepEqual(logged, ["warn: nothing rings: there is no sound server"]);
    assert.equal(clock.timers, 0);
    await ringer.close();
  });

  test("rings on the default speaker where the chosen one is gone", async () => {
    const { clock, logged, ringer, openIds } = bench();
    ringer.play({ ...ring, speaker: "fake:unplugged" });
    await settle();
    assert.deepEqual(openIds(), ["fake:speaker"]);
    assert.equal(logged.length, 1);
    await stopped(ringer, clock);
  });

  test("lets go of a speaker that is lost, and rings again for the next call", async () => {
    const { sound, clock, ringer, openIds } = bench();
    ringer.play(ring);
    await settle();
    sound.ringers[0]?.onLost(new SoundError("unplugged"));
    await settle();
    assert.deepEqual(openIds(), []);
    assert.equal(clock.timers, 0);
    ringer.play(null);
    await settle();
    ringer.play(ring);
    await settle();
    assert.deepEqual(openIds(), ["fake:speaker"]);
    await stopped(ringer, clock);
  });
});

async function stopped(ringer: Ringer, clock: ManualClock): Promise<void> {
  const closed = ringer.close();
  clock.advance(100);
  await closed;
}
