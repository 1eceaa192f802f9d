// Device loss and return during a call: the substitute, the media level without one, the retries, and the return of the preferred
// device.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeviceKind } from "../../rpc-schema/index.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import { live, type MediaBench } from "./support/media-bench.ts";

const KINDS = ["camera", "microphone", "speaker"] as const satisfies DeviceKind[];

describe("a microphone that is lost", () => {
  const monitor = { more: { monitor: { kind: "monitor" } } } as const;

  test("is not replaced by a monitor, which would send the sound of this computer", () => {
    const bench = live();
    bench.setDevices({ microphone: ["microphone-1", "monitor"] }, monitor);
    bench.loseDevice("microphone", "there is no microphone");
    assert.equal(bench.state("microphone"), "lost");
  });

  test("is the monitor itself again if the user chose it", () => {
    const bench = live();
    bench.setDevices(
      { microphone: ["microphone-1", "monitor"] },
      { ...monitor, preferred: { microphone: "monitor" } },
    );
    bench.loseDevice("microphone", "in use");
    assert.equal(bench.choices("microphone").at(-1), "monitor");
  });

  test("is replaced by one with something plugged in rather than by an empty socket", () => {
    const more = { socket: { port: { name: "Front", available: "no" } } } as const;
    const bench = live();
    bench.setDevices({ microphone: ["microphone-1", "socket", "headset"] }, { more });
    bench.loseDevice("microphone", "unplugged");
    assert.equal(bench.choices("microphone").at(-1), "headset");
  });
});

describe("a camera that is lost", () => {
  test("is not replaced by one whose pictures cannot be shown", () => {
    const bench = live();
    bench.setDevices({ camera: ["camera-1", "raw"] }, { more: { raw: { problem: "format" } } });
    bench.loseDevice("camera", "unplugged");
    assert.equal(bench.state("camera"), "lost");
  });
});

for (const kind of KINDS) {
  describe(`a ${kind} that is lost`, () => {
    const spare = `${kind}-2`;
    const both = { [kind]: [`${kind}-1`, spare] };

    test("is replaced by the next best at once, which reports the reason", () => {
      const bench = live();
      bench.setDevices(both);
      bench.loseDevice(kind, "unplugged");
      assert.equal(bench.choices(kind).at(-1), spare);
      bench.openDevice(kind, spare);
      assert.equal(bench.state(kind), "open.live");
      assert.deepEqual([bench.context[kind].open?.deviceId, bench.context[kind].why], [spare, "unplugged"]);
    });

    test("is taken back when it returns, while its substitute still runs", () => {
      const bench = live();
      bench.setDevices(both);
      bench.loseDevice(kind);
      bench.openDevice(kind, spare);
      bench.setDevices({ [kind]: [spare] });
      assert.equal(bench.activity(kind).commands.includes(`use ${kind}-1`), false);
      bench.setDevices(both);
      assert.equal(bench.activity(kind).commands.at(-1), `use ${kind}-1`);
      bench.openDevice(kind);
      assert.deepEqual([bench.context[kind].open?.deviceId, bench.context[kind].why], [`${kind}-1`, null]);
    });

    test("stays the reason if the substitute does not open, but not if the substitute opened and is lost too", () => {
      const bench = live();
      bench.setDevices(both);
      bench.loseDevice(kind, "unplugged");
      bench.loseDevice(kind, "in use by another program");
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["lost", "unplugged"]);
      bench.clock.increment(500);
      bench.loseDevice(kind, "not there");
      bench.openDevice(kind, spare);
      assert.equal(bench.context[kind].why, "not there");
      bench.loseDevice(kind, "out of battery");
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["lost", "out of battery"]);
    });

    test("is only offered when it returns if the user wants to be asked", () => {
      const bench = live();
      bench.setDevices(both, { whenDeviceReturns: "offer" });
      bench.loseDevice(kind);
      bench.openDevice(kind, spare);
      bench.setDevices({ [kind]: [spare] }, { whenDeviceReturns: "offer" });
      assert.equal(bench.offered(kind), undefined);
      bench.setDevices(both, { whenDeviceReturns: "offer" });
      assert.equal(bench.offered(kind), `${kind}-1`);
      assert.equal(bench.context[kind].open?.deviceId, spare);
      const use = {
        camera: "user.useCamera",
        microphone: "user.useMicrophone",
        speaker: "user.useSpeaker",
      } as const;
      bench.send({ type: use[kind], deviceId: `${kind}-1` });
      bench.openDevice(kind);
      assert.equal(bench.offered(kind), undefined);
    });

    test("without a substitute is lost, and opens again when it is plugged in", () => {
      const bench = live();
      bench.setDevices({});
      bench.loseDevice(kind);
      assert.equal(bench.state(kind), "lost");
      bench.setDevices({ [kind]: [] });
      bench.clock.increment(600_000);
      assert.equal(bench.state(kind), "lost");
      bench.setDevices({});
      assert.equal(bench.state(kind), "open.opening");
      bench.openDevice(kind);
      assert.deepEqual([bench.state(kind), bench.context[kind].why], ["open.live", null]);
    });

    test("is retried five times with growing delays while it is listed", () => {
      const bench = live();
      bench.setDevices({});
      const tries: number[] = [];
      for (let round = 0; round < 40; round += 1) {
        if (bench.state(kind) === "open.live" || bench.state(kind) === "open.opening") {
          bench.loseDevice(kind, "EIO");
          tries.push(bench.clock.now());
        }
        bench.clock.increment(500);
      }
      assert.deepEqual(tries, [0, 500, 1_500, 3_500, 7_500, 15_500]);
      bench.clock.increment(3_600_000);
      assert.equal(bench.state(kind), "lost");
      assert.equal(bench.context[kind].why, "EIO");
    });

    test("gets all retries again after ten steady seconds", () => {
      const bench = live();
      bench.setDevices({});
      for (let time = 0; time < 12; time += 1) {
        bench.loseDevice(kind);
        bench.clock.increment(500);
        bench.openDevice(kind);
        bench.clock.increment(10_000);
      }
      assert.deepEqual([bench.state(kind), bench.context[kind].retryRounds], ["open.live", 0]);
    });
  });
}

describe("the media level", () => {
  test("decreases step by step, and both users see the reason", () => {
    const bench = live();
    bench.setDevices({});
    assert.deepEqual(bench.lastMediaLevel(), ["pictureAndVoice", null]);
    bench.loseDevice("camera", "unplugged");
    assert.deepEqual(bench.lastMediaLevel(), ["voiceOnly", "Camera: unplugged"]);
    bench.loseDevice("microphone", "no sound server");
    assert.deepEqual(bench.lastMediaLevel(), [
      "receiveOnly",
      "Camera: unplugged; Microphone: no sound server",
    ]);
    bench.clock.increment(500);
    bench.openDevice("camera");
    assert.deepEqual(bench.lastMediaLevel(), ["pictureOnly", "Microphone: no sound server"]);
    bench.openDevice("microphone");
    assert.deepEqual(bench.lastMediaLevel(), ["pictureAndVoice", null]);
  });

  test("ignores what the user switched off", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    assert.deepEqual(bench.lastMediaLevel(), ["voiceOnly", null]);
    bench.send({ type: "user.setMicrophone", on: false });
    assert.deepEqual(bench.lastMediaLevel(), ["voiceOnly", null]);
  });

  test("reports paused video once", () => {
    const bench = live();
    const before = bench.sentMediaStates().length;
    bench.send({ type: "video.pauseChanged", why: "too much is lost" });
    bench.send({ type: "video.pauseChanged", why: "too much is lost" });
    assert.deepEqual(bench.lastMediaLevel(), ["voiceOnly", "Picture paused: too much is lost"]);
    assert.equal(bench.sentMediaStates().length, before + 1);
    bench.send({ type: "video.pauseChanged", why: null });
    assert.deepEqual(bench.lastMediaLevel(), ["pictureAndVoice", null]);
  });
});

describe("the next best", () => {
  test("is never a tone, a pattern or nothing", () => {
    const bench = live();
    bench.setDevices({ camera: [], microphone: [] });
    bench.loseDevice("camera");
    bench.loseDevice("microphone");
    assert.deepEqual([bench.state("camera"), bench.state("microphone")], ["lost", "lost"]);
  });

  test("is the device of the settings, if it is available when another is lost", () => {
    const bench = live();
    bench.setDevices({ camera: ["camera-1", "camera-2", "camera-3"] }, { preferred: { camera: "camera-3" } });
    bench.loseDevice("camera");
    assert.equal(bench.choices("camera").at(-1), "camera-3");
  });

  test("does not replace the pattern that the user chose", () => {
    const bench = live();
    bench.setDevices({ camera: ["camera-1"] });
    bench.send({ type: "user.useCamera", deviceId: "test-pattern" });
    bench.openDevice("camera", "test-pattern");
    bench.setDevices({ camera: ["camera-1", "camera-2"] });
    bench.setDevices({ camera: ["camera-2"] });
    assert.deepEqual(bench.activity("camera").commands, ["use test-pattern"]);
  });

  test("is a real camera instead of a pattern that replaced one", () => {
    const bench = live();
    bench.setDevices({ camera: [] });
    bench.loseDevice("camera");
    bench.send({ type: "user.setCamera", on: true });
    bench.openDevice("camera", "test-pattern");
    bench.setDevices({});
    assert.equal(bench.activity("camera").commands.at(-1), "use camera-1");
  });
});

function anything(bench: MediaBench, random: ReturnType<typeof seededRandom>): void {
  const kind = random.pick(KINDS);
  const whenDeviceReturns = random.pick(["take", "offer"] as const);
  const some = () => [`${kind}-1`, `${kind}-2`, `${kind}-3`].filter(() => random.chance(0.5));
  const runs = bench.effects.running(kind).length > 0;
  const actions = [
    () => bench.setDevices({ [kind]: some() }, { whenDeviceReturns }),
    () => runs && bench.loseDevice(kind),
    () => runs && bench.openDevice(kind, `${kind}-${random.pick([1, 2, 3])}`),
    () => bench.send({ type: "user.setCamera", on: random.chance(0.7) }),
    () => bench.send({ type: "user.setMicrophone", on: random.chance(0.5) }),
    () => bench.send({ type: "user.useCamera", deviceId: `camera-${random.pick([1, 2, 3])}` }),
    () => bench.clock.increment(random.pick([100, 1_000, 12_000])),
  ];
  random.pick(actions)();
}

test("for any order of events no device is open twice or retried without end", () => {
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
    // From here on every device fails and the user does nothing.
    const before = KINDS.map((kind) => bench.choices(kind).length);
    for (let second = 0; second < 400; second += 1) {
      for (const kind of KINDS) if (bench.effects.running(kind).length > 0) bench.loseDevice(kind);
      bench.clock.increment(1_000);
    }
    for (const [index, kind] of KINDS.entries()) {
      const tries = bench.choices(kind).length - (before[index] ?? 0);
      assert.ok(tries <= 24, `seed ${seed}: ${tries} tries of the ${kind}`);
    }
  }
});
