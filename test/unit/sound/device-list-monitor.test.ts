// The monitor of the device list, and the monitor of the sound server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { monitorDeviceList, soundSigns } from "../../../plugin/sound/supervision/device-list-monitor.ts";
import { DEFAULT_STALL_LIMITS, StallDetector } from "../../../plugin/sound/supervision/monitored-child.ts";
import { ServerMonitor, soundServerSocket } from "../../../plugin/sound/supervision/server-monitor.ts";

function watched() {
  const state = { signs: "a", lists: ["mic"], listings: 0, reported: [] as string[][], isStopped: false };
  let check: () => void = assert.fail;
  let hint: () => void = assert.fail;
  const stop = monitorDeviceList<string[]>({
    readSigns: () => state.signs,
    list: async () => {
      state.listings += 1;
      return [...state.lists];
    },
    onChange: (lists) => state.reported.push(lists),
    onError: assert.fail,
    onHint: (run) => {
      hint = run;
      return () => {
        state.isStopped = true;
      };
    },
    every: (_delayMs, run) => {
      check = run;
      return () => {
        state.isStopped = true;
      };
    },
  });
  /** Runs one check and waits for its effects. */
  const pass = async () => {
    check();
    await new Promise(setImmediate);
  };
  return { state, pass, stop, hint: () => hint() };
}

describe("the device list monitor", () => {
  test("lists once at first without reporting", async () => {
    const { state, pass } = watched();
    await pass();
    assert.deepEqual([state.listings, state.reported], [1, []]);
  });

  test("lists again when a sign changes, and reports a different list", async () => {
    const { state, pass } = watched();
    await pass();
    state.signs = "b";
    await pass();
    assert.deepEqual([state.listings, state.reported], [2, []]);
    Object.assign(state, { signs: "c", lists: ["mic", "headset"] });
    await pass();
    assert.deepEqual(state.reported, [["mic", "headset"]]);
  });

  test("lists once a minute without a sign", async () => {
    const { state, pass } = watched();
    await pass();
    state.lists = [];
    for (let turn = 0; turn < 30; turn += 1) await pass();
    assert.deepEqual([state.listings, state.reported], [2, [[]]]);
  });

  test("lists at once when the server reports a change, and once more for all changes soon after it", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { state, pass, stop, hint } = watched();
    await pass();
    for (let volume = 0; volume < 50; volume += 1) {
      state.lists = [`mic at ${volume} %`];
      hint();
      await new Promise(setImmediate);
    }
    assert.deepEqual(state.reported, [["mic at 0 %"]]);
    t.mock.timers.tick(200);
    await new Promise(setImmediate);
    assert.deepEqual([state.listings, state.reported.at(-1)], [3, ["mic at 49 %"]]);
    t.mock.timers.tick(1_000);
    assert.equal(state.listings, 3);
    stop();
  });

  test("lists again when a change comes while it lists", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { state, pass, stop, hint } = watched();
    const first = pass();
    hint();
    await first;
    await new Promise(setImmediate);
    assert.equal(state.listings, 2);
    stop();
  });

  test("reports nothing after it is stopped", async () => {
    const { state, pass, stop } = watched();
    await pass();
    Object.assign(state, { signs: "b", lists: [] });
    const passing = pass();
    stop();
    await passing;
    assert.deepEqual([state.reported, state.isStopped], [[], true]);
  });

  test("treats a missing file as a sign", () => {
    assert.equal(soundSigns("/nonexistent/native", "/nonexistent"), "ENOENT;ENOENT");
  });
});

describe("the sound server monitor", () => {
  test("finds the socket where libpulse does", () => {
    assert.equal(soundServerSocket({ PULSE_SERVER: "unix:/a/native", XDG_RUNTIME_DIR: "/b" }), "/a/native");
    assert.equal(soundServerSocket({ PULSE_SERVER: "{machine}unix:/a/native" }), "/a/native");
    assert.equal(soundServerSocket({ PULSE_SERVER: "tcp:elsewhere:4713", XDG_RUNTIME_DIR: "/b" }), null);
    assert.equal(soundServerSocket({ PULSE_RUNTIME_PATH: "/c" }), "/c/native");
    assert.equal(soundServerSocket({ XDG_RUNTIME_DIR: "/b" }), "/b/pulse/native");
    assert.equal(soundServerSocket({}), null);
  });

  test("reports that the server went away, and once that it is back", { timeout: 20_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "goop-server-watch-"));
    const path = join(directory, "native");
    const gone = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    const monitor = new ServerMonitor(
      { PULSE_SERVER: `unix:${path}` },
      { onGone: gone.resolve, onBack: back.resolve },
    );
    const first = createServer().listen(path);
    const second = createServer();
    try {
      await once(first, "listening");
      monitor.start();
      const [connection] = (await once(first, "connection")) as [Socket];
      first.close();
      connection.destroy();
      await gone.promise;
      assert.equal(monitor.takeReturn(), false);
      assert.equal(monitor.isDeviceAtFault(true), false, "the server is absent");
      second.listen(path);
      await back.promise;
      assert.deepEqual([monitor.takeReturn(), monitor.takeReturn()], [true, false]);
      assert.equal(monitor.isDeviceAtFault(false), true, "the server is back");
    } finally {
      monitor.close();
      first.close();
      second.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  test("without a server a device is at fault only if others exist", () => {
    const monitor = new ServerMonitor({}, { onGone: assert.fail, onBack: assert.fail });
    monitor.start();
    assert.deepEqual([monitor.isDeviceAtFault(true), monitor.isDeviceAtFault(false)], [true, false]);
  });
});

describe("the stall detector after the server went away", () => {
  test("reports a fault after half a second without sound, and returns to the usual limits when sound goes on", () => {
    const detector = new StallDetector(DEFAULT_STALL_LIMITS, 0);
    detector.heartbeat({ captured: 10, played: 10 }, 100);
    detector.suspect(200);
    assert.equal(detector.verdict(500), null);
    assert.match(detector.verdict(700) ?? "", /microphone gave no sound for 500 ms/);
    detector.heartbeat({ captured: 80, played: 80 }, 800);
    assert.equal(detector.verdict(1_200), null);
    assert.equal(detector.verdict(2_300), null, "the usual limits apply again");
  });
});
