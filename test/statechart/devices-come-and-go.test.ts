// Devices that come and go during a call: who takes a lost one's place, what is left when nobody does, how long it is
// tried, and what happens when the one that the user prefers is there again.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeviceKind } from "../../rpc-schema/index.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import { live, type MediaBench } from "./support/media-bench.ts";

const KINDS = ["camera", "microphone", "speaker"] as const satisfies DeviceKind[];

for (const kind of KINDS) {
  describe(`a ${kind} that is lost`, () => {
    const spare = `${kind}-2`;
    const both = { [kind]: [`${kind}-1`, spare] };

    test("makes way for the next best at once, which says what it stands in for", () => {
      const bench = live();
      bench.lists(both);
      bench.loses(kind, "unplugged");
      assert.equal(bench.choices(kind).at(-1), spare);
      bench.opens(kind, spare);
      assert.equal(bench.state(kind), "open.live");
      assert.deepEqual([bench.context[kind].open?.deviceId, bench.context[kind].why], [spare, "unplugged"]);
    });

    test("is taken back when it returns, while the other one still runs", () => {
      const bench = live();
      bench.lists(both);
      bench.loses(kind);
      bench.opens(kind, spare);
      bench.lists({ [kind]: [spare] });
      assert.equal(bench.activity(kind).heard.includes(`use ${kind}-1`), false);
      bench.lists(both);
      assert.equal(bench.activity(kind).heard.at(-1), `use ${kind}-1`);
      bench.opens(kind);
      assert.deepEqual([bench.context[kind].open?.deviceId, bench.context[kind].why], [`${kind}-1`, null]);
    });

    test("stays the reason when what should step in does not open, but not when it did and is lost too", () => {
      const bench = live();
      bench.lists(both);
      bench.loses(kind, "unplugged");
      bench.loses(kind, "in use by another program");
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["lost", "unplugged"]);
      bench.clock.increment(500);
      bench.loses(kind, "not there");
      bench.opens(kind, spare);
      assert.equal(bench.context[kind].why, "not there");
      bench.loses(kind, "out of battery");
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["lost", "out of battery"]);
    });

    test("is only offered when it returns where the user wants to be asked", () => {
      const bench = live();
      bench.lists(both, { whenDeviceReturns: "offer" });
      bench.loses(kind);
      bench.opens(kind, spare);
      bench.lists({ [kind]: [spare] }, { whenDeviceReturns: "offer" });
      assert.equal(bench.offered(kind), undefined);
      bench.lists(both, { whenDeviceReturns: "offer" });
      assert.equal(bench.offered(kind), `${kind}-1`);
      assert.equal(bench.context[kind].open?.deviceId, spare);
      const use = {
        camera: "user.useCamera",
        microphone: "user.useMicrophone",
        speaker: "user.useSpeaker",
      } as const;
      bench.send({ type: use[kind], deviceId: `${kind}-1` });
      bench.opens(kind);
      assert.equal(bench.offered(kind), undefined);
    });

    test("with none in its place is lost, and opens again when it is plugged in", () => {
      const bench = live();
      bench.lists({});
      bench.loses(kind);
      assert.equal(bench.state(kind), "lost");
      bench.lists({ [kind]: [] });
      bench.clock.increment(600_000);
      assert.equal(bench.state(kind), "lost");
      bench.lists({});
      assert.equal(bench.state(kind), "open.opening");
      bench.opens(kind);
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["open.live", null]);
    });

    test("though it is still there is tried five times, later each time, and then let be", () => {
      const bench = live();
      bench.lists({});
      const tries: number[] = [];
      for (let round = 0; round < 40; round += 1) {
        if (bench.state(kind) === "open.live" || bench.state(kind) === "open.opening") {
          bench.loses(kind, "EIO");
          tries.push(bench.clock.now());
        }
        bench.clock.increment(500);
      }
      assert.deepEqual(tries, [0, 500, 1_500, 3_500, 7_500, 15_500]);
      bench.clock.increment(3_600_000);
      assert.equal(bench.state(kind), "lost");
      assert.equal(bench.context[kind].why, "EIO");
    });

    test("has its tries again once it was steady for ten seconds", () => {
      const bench = live();
      bench.lists({});
      for (let time = 0; time < 12; time += 1) {
        bench.loses(kind);
        bench.clock.increment(500);
        bench.opens(kind);
        bench.clock.increment(10_000);
      }
      assert.deepEqual([bench.state(kind), bench.context[kind].retryRounds], ["open.live", 0]);
    });
  });
}

describe("the ladder", () => {
  test("is come down rung by rung, and both users learn why", () => {
    const bench = live();
    bench.lists({});
    assert.deepEqual(bench.standing(), ["pictureAndVoice", null]);
    bench.loses("camera", "unplugged");
    assert.deepEqual(bench.standing(), ["voiceOnly", "Camera: unplugged"]);
    bench.loses("microphone", "no sound server");
    assert.deepEqual(bench.standing(), ["receiveOnly", "Camera: unplugged; Microphone: no sound server"]);
    bench.clock.increment(500);
    bench.opens("camera");
    assert.deepEqual(bench.standing(), ["pictureOnly", "Microphone: no sound server"]);
    bench.opens("microphone");
    assert.deepEqual(bench.standing(), ["pictureAndVoice", null]);
  });

  test("does not count as a fault what the user switched off", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    assert.deepEqual(bench.standing(), ["voiceOnly", null]);
    bench.send({ type: "user.setMicrophone", on: false });
    assert.deepEqual(bench.standing(), ["voiceOnly", null]);
  });

  test("knows a picture that is paused, and says so once", () => {
    const bench = live();
    const before = bench.announced().length;
    bench.send({ type: "video.pauseChanged", why: "too much is lost" });
    bench.send({ type: "video.pauseChanged", why: "too much is lost" });
    assert.deepEqual(bench.standing(), ["voiceOnly", "Picture paused: too much is lost"]);
    assert.equal(bench.announced().length, before + 1);
    bench.send({ type: "video.pauseChanged", why: null });
    assert.deepEqual(bench.standing(), ["pictureAndVoice", null]);
  });
});

describe("the next best", () => {
  test("is never a tone, a pattern or nothing", () => {
    const bench = live();
    bench.lists({ camera: [], microphone: [] });
    bench.loses("camera");
    bench.loses("microphone");
    assert.deepEqual([bench.state("camera"), bench.state("microphone")], ["lost", "lost"]);
  });

  test("is the device that the settings wish for, when that one is there and another was lost", () => {
    const bench = live();
    bench.lists({ camera: ["camera-1", "camera-2", "camera-3"] }, { preferred: { camera: "camera-3" } });
    bench.loses("camera");
    assert.equal(bench.choices("camera").at(-1), "camera-3");
  });

  test("does not replace the pattern that the user chose", () => {
    const bench = live();
    bench.lists({ camera: ["camera-1"] });
    bench.send({ type: "user.useCamera", deviceId: "test-pattern" });
    bench.opens("camera", "test-pattern");
    bench.lists({ camera: ["camera-1", "camera-2"] });
    bench.lists({ camera: ["camera-2"] });
    assert.deepEqual(bench.activity("camera").heard, ["use test-pattern"]);
  });

  test("is a real camera for who has the pattern for want of one", () => {
    const bench = live();
    bench.lists({ camera: [] });
    bench.loses("camera");
    bench.send({ type: "user.setCamera", on: true });
    bench.opens("camera", "test-pattern");
    bench.lists({});
    assert.equal(bench.activity("camera").heard.at(-1), "use camera-1");
  });
});

function anything(bench: MediaBench, random: ReturnType<typeof seededRandom>): void {
  const kind = random.pick(KINDS);
  const whenDeviceReturns = random.pick(["take", "offer"] as const);
  const some = () => [`${kind}-1`, `${kind}-2`, `${kind}-3`].filter(() => random.chance(0.5));
  const runs = bench.effects.running(kind).length > 0;
  const actions = [
    () => bench.lists({ [kind]: some() }, { whenDeviceReturns }),
    () => runs && bench.loses(kind),
    () => runs && bench.opens(kind, `${kind}-${random.pick([1, 2, 3])}`),
    () => bench.send({ type: "user.setCamera", on: random.chance(0.7) }),
    () => bench.send({ type: "user.setMicrophone", on: random.chance(0.5) }),
    () => bench.send({ type: "user.useCamera", deviceId: `camera-${random.pick([1, 2, 3])}` }),
    () => bench.clock.increment(random.pick([100, 1_000, 12_000])),
  ];
  random.pick(actions)();
}

test("whatever comes, goes and fails, in any order, no device is open twice or tried without end", () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = seededRandom(seed);
    const bench = live();
    for (let step = 0; step < 80; step += 1) {
      anything(bench, random);
      for (const kind of KINDS) {
        const isOpen = bench.state(kind).startsWith("open");
        assert.equal(bench.effects.running(kind).length, isOpen ? 1 : 0, `seed ${seed}, step ${step}`);
        if (!isOpen) assert.equal(bench.context[kind].open, null, `seed ${seed}, step ${step}`);
      }
    }
    // From here on nothing works and nobody does anything.
    const before = KINDS.map((kind) => bench.choices(kind).length);
    for (let second = 0; second < 400; second += 1) {
      for (const kind of KINDS) if (bench.effects.running(kind).length > 0) bench.loses(kind);
      bench.clock.increment(1_000);
    }
    for (const [index, kind] of KINDS.entries()) {
      const tries = bench.choices(kind).length - (before[index] ?? 0);
      assert.ok(tries <= 24, `seed ${seed}: ${tries} tries of the ${kind}`);
    }
  }
});
