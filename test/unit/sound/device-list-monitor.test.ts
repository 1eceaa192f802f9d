// When devices are listed again, what is told, and how the sound server's coming and going is noticed.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { monitorDeviceList, soundSigns } from "../../../plugin/sound/supervision/device-list-monitor.ts";
import { soundServerSocket } from "../../../plugin/sound/supervision/server-monitor.ts";
import { ServerPresence } from "../../../plugin/sound/supervision/server-presence.ts";
import { DEFAULT_STALL_LIMITS, StallDetector } from "../../../plugin/sound/supervision/stall-detector.ts";

function watched() {
  const state = { signs: "a", lists: ["mic"], listings: 0, told: [] as string[][], isStopped: false };
  let look: () => void = assert.fail;
  const stop = monitorDeviceList<string[]>({
    readSigns: () => state.signs,
    list: async () => {
      state.listings += 1;
      return [...state.lists];
    },
    onChange: (lists) => state.told.push(lists),
    onError: assert.fail,
    every: (_delayMs, run) => {
      look = run;
      return () => {
        state.isStopped = true;
      };
    },
  });
  /** One look, and what follows from it. */
  const pass = async () => {
    look();
    await new Promise(setImmediate);
  };
  return { state, pass, stop };
}

describe("the watch over sound devices", () => {
  test("lists once at first and tells nobody", async () => {
    const { state, pass } = watched();
    await pass();
    assert.deepEqual([state.listings, state.told], [1, []]);
  });

  test("lists again when a sign changed, and tells a list that differs", async () => {
    const { state, pass } = watched();
    await pass();
    state.signs = "b";
    await pass();
    assert.deepEqual([state.listings, state.told], [2, []]);
    Object.assign(state, { signs: "c", lists: ["mic", "headset"] });
    await pass();
    assert.deepEqual(state.told, [["mic", "headset"]]);
  });

  test("lists once a minute where no sign tells", async () => {
    const { state, pass } = watched();
    await pass();
    state.lists = [];
    for (let turn = 0; turn < 30; turn += 1) await pass();
    assert.deepEqual([state.listings, state.told], [2, [[]]]);
  });

  test("tells nothing after it was stopped", async () => {
    const { state, pass, stop } = watched();
    await pass();
    Object.assign(state, { signs: "b", lists: [] });
    const passing = pass();
    stop();
    await passing;
    assert.deepEqual([state.told, state.isStopped], [[], true]);
  });

  test("takes what is not there for a sign as well", () => {
    assert.equal(soundSigns("/nonexistent/native", "/nonexistent"), "ENOENT;ENOENT");
  });
});

describe("the sound server's socket", () => {
  test("is where libpulse looks for it", () => {
    assert.equal(soundServerSocket({ PULSE_SERVER: "unix:/a/native", XDG_RUNTIME_DIR: "/b" }), "/a/native");
    assert.equal(soundServerSocket({ PULSE_SERVER: "{machine}unix:/a/native" }), "/a/native");
    assert.equal(soundServerSocket({ PULSE_SERVER: "tcp:elsewhere:4713", XDG_RUNTIME_DIR: "/b" }), null);
    assert.equal(soundServerSocket({ PULSE_RUNTIME_PATH: "/c" }), "/c/native");
    assert.equal(soundServerSocket({ XDG_RUNTIME_DIR: "/b" }), "/b/pulse/native");
    assert.equal(soundServerSocket({}), null);
  });

  test("tells that the server went, and once that it is back", { timeout: 20_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "goop-server-watch-"));
    const path = join(directory, "native");
    const gone = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    const presence = new ServerPresence(
      { PULSE_SERVER: `unix:${path}` },
      { onGone: gone.resolve, onBack: back.resolve },
    );
    const first = createServer().listen(path);
    const second = createServer();
    try {
      await once(first, "listening");
      presence.watch();
      const [connection] = (await once(first, "connection")) as [Socket];
      first.close();
      connection.destroy();
      await gone.promise;
      assert.equal(presence.takeReturn(), false);
      assert.equal(presence.isDeviceAtFault(true), false, "the server's absence explains it");
      second.listen(path);
      await back.promise;
      assert.deepEqual([presence.takeReturn(), presence.takeReturn()], [true, false]);
      assert.equal(presence.isDeviceAtFault(false), true, "the server is there again");
    } finally {
      presence.close();
      first.close();
      second.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  test("without a server a device is at fault only where there are others", () => {
    const presence = new ServerPresence({}, { onGone: assert.fail, onBack: assert.fail });
    presence.watch();
    assert.deepEqual([presence.isDeviceAtFault(true), presence.isDeviceAtFault(false)], [true, false]);
  });
});

describe("the stall watch after the server went", () => {
  test("takes half a second without sound for a fault, and forgets the hurry where sound goes on", () => {
    const watch = new StallDetector(DEFAULT_STALL_LIMITS, 0);
    watch.heartbeat({ captured: 10, played: 10 }, 100);
    watch.hurry(200);
    assert.equal(watch.verdict(500), null);
    assert.match(watch.verdict(700) ?? "", /microphone gave no sound for 500 ms/);
    watch.heartbeat({ captured: 80, played: 80 }, 800);
    assert.equal(watch.verdict(1_200), null);
    assert.equal(watch.verdict(2_300), null, "the ordinary limits hold again");
  });
});
