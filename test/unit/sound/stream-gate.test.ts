// Captured blocks pass only while the server's report shows an acceptable source, and what the follower of a stream reports.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerState } from "../../../native/sound-server.ts";
import { choicesOf } from "../../../plugin/sound/server/server-devices.ts";
import { SoundServer } from "../../../plugin/sound/server/sound-server.ts";
import { StreamFollower } from "../../../plugin/sound/server/stream-follower.ts";
import { StreamGate } from "../../../plugin/sound/server/stream-gate.ts";
import type { DeviceStatus } from "../../../plugin/sound/sound.ts";
import {
  FakeSoundServer,
  recordingStream,
  serverDevice,
  serverState,
} from "../../support/fakes/fake-sound-server.ts";
import { ignoreLog } from "../../support/sound/sound-helpers.ts";

const MICROPHONE = serverDevice("mic", { index: 1, description: "Mic" });
const OTHER = serverDevice("other", { index: 2, description: "Other" });
const MONITOR = serverDevice("speaker.monitor", { index: 3, description: "Monitor", monitorOf: "speaker" });
const block = (value: number) => new Int16Array(480).fill(value);
const valuesOf = (blocks: readonly Int16Array[]) => blocks.map(([first]) => first);

describe("the gate of captured blocks", () => {
  const state = (through: number, device: number): ServerState =>
    serverState({ through, streams: [recordingStream({ device })] });
  const gate = () => new StreamGate("t", (index) => index === 1);

  test("holds blocks until the stream's source is known, then passes the newest", () => {
    const one = gate();
    for (let value = 1; value <= 9; value += 1) assert.deepEqual(one.pass(block(value)), []);
    assert.deepEqual(valuesOf(one.onState(state(0, 1))), [6, 7, 8, 9]);
    assert.deepEqual(valuesOf(one.pass(block(10))), [10]);
  });

  test("drops held blocks when the source is not acceptable", () => {
    const one = gate();
    one.pass(block(1));
    assert.deepEqual(one.onState(state(0, 3)), []);
    one.pass(block(2));
    assert.deepEqual(one.onState(serverState()), []);
    assert.deepEqual(valuesOf(one.onState(state(1, 1))), []);
  });

  for (const change of [
    { what: "source", how: "remove", index: 1, number: 5 },
    { what: "recording", how: "change", index: 7, number: 5 },
    { what: "recording", how: "remove", index: 7, number: 5 },
  ] as const) {
    test(`closes with the change that may connect another source: ${change.what} ${change.how}`, () => {
      const one = gate();
      one.onState(state(0, 1));
      one.onChange(change);
      assert.deepEqual(one.pass(block(1)), []);
      // A report from before the change shows nothing.
      assert.deepEqual(one.onState(state(4, 1)), []);
      assert.deepEqual(one.pass(block(2)), []);
      assert.deepEqual(valuesOf(one.onState(state(5, 1))), [1, 2]);
    });
  }

  for (const change of [
    { what: "source", how: "change", index: 1, number: 5 },
    { what: "source", how: "remove", index: 2, number: 5 },
    { what: "recording", how: "change", index: 8, number: 5 },
    { what: "playback", how: "remove", index: 7, number: 5 },
  ] as const) {
    test(`stays open at a change of something else: ${change.what} ${change.how} ${change.index}`, () => {
      const one = gate();
      one.onState(state(0, 1));
      one.onChange(change);
      assert.deepEqual(valuesOf(one.pass(block(1))), [1]);
    });
  }

  test("closes when the server has gone", () => {
    const one = gate();
    one.onState(state(0, 1));
    one.onState(null);
    assert.deepEqual(one.pass(block(1)), []);
  });
});

describe("the follower of a stream", () => {
  const sources = [MICROPHONE, OTHER, MONITOR];
  const connectedTo = (device: number, from = sources): ServerState =>
    serverState({ sources: from, defaultSource: "mic", streams: [recordingStream({ device })] });

  function follow(t: { after(run: () => Promise<void>): void }, isAutomatic: boolean, chosen = "pulse:mic") {
    const engine = new FakeSoundServer(null);
    const server = new SoundServer(engine, {}, ignoreLog);
    const device = choicesOf(connectedTo(1)).microphones.find(({ id }) => id === chosen) ?? assert.fail();
    const blocks: Int16Array[] = [];
    const statuses: DeviceStatus[] = [];
    const events: string[] = [];
    const follower = new StreamFollower(
      server,
      "microphone",
      { device, isAutomatic, token: "t" },
      {
        onBlock: (one) => void blocks.push(one),
        onStatus: (status) => void statuses.push(status),
        onSuspended: (reason) => void events.push(`suspended: ${reason}`),
        onGone: (reason) => void events.push(`gone: ${reason}`),
        onUnverified: () => void events.push("unverified"),
      },
    );
    t.after(async () => {
      follower.stop();
      await server.close();
    });
    return { engine, follower, blocks, statuses, events };
  }

  test("passes no block of a monitor that the server connected, and reports the loss", (t) => {
    const { engine, follower, blocks, events } = follow(t, true);
    engine.publish(connectedTo(1));
    follower.pass(block(1));
    engine.change({ what: "source", how: "remove", index: 1 });
    follower.pass(block(2));
    engine.publish({ ...connectedTo(3, [MONITOR]), defaultSource: "speaker.monitor" });
    follower.pass(block(3));
    assert.deepEqual(valuesOf(blocks), [1]);
    assert.match(
      events.join(),
      /^gone: there is no microphone: the system's default is Monitor, which repeats/,
    );
  });

  test("follows auto to another microphone, and says so", (t) => {
    const { engine, follower, blocks, statuses, events } = follow(t, true);
    engine.publish(connectedTo(1));
    engine.change({ what: "recording", how: "change", index: 7 });
    follower.pass(block(1));
    engine.publish(connectedTo(2));
    assert.deepEqual(valuesOf(blocks), [1]);
    assert.deepEqual(statuses.at(-1), {
      deviceId: "pulse:other",
      deviceName: "Other",
      notice: "the system's sound settings chose Other",
    });
    assert.deepEqual(events, []);
  });

  test("gives a chosen microphone up when it is unplugged, although the server has another one", (t) => {
    const { engine, follower, blocks, events } = follow(t, false);
    engine.publish(connectedTo(1));
    engine.change({ what: "source", how: "remove", index: 1 });
    follower.pass(block(1));
    engine.publish(connectedTo(2, [OTHER, MONITOR]));
    assert.deepEqual([blocks.length, events], [0, ["gone: Mic was unplugged"]]);
  });

  test("accepts the monitor that was chosen by name", (t) => {
    const { engine, follower, blocks, statuses } = follow(t, false, "pulse:speaker.monitor");
    follower.pass(block(1));
    engine.publish(connectedTo(3));
    assert.equal(blocks.length, 1);
    assert.match(statuses.at(-1)?.notice ?? "", /repeats the sound of this computer/);
  });

  test("reports a suspended source that stays suspended, and its return", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { engine, events } = follow(t, false);
    const suspended = [{ ...MICROPHONE, state: "suspended" as const }, OTHER];
    engine.publish(connectedTo(1, suspended));
    engine.publish(connectedTo(1));
    t.mock.timers.tick(1_000);
    assert.deepEqual(
      events.filter((event) => event !== "suspended: null"),
      [],
    );
    engine.publish(connectedTo(1, suspended));
    t.mock.timers.tick(1_000);
    assert.equal(events.at(-1), "suspended: the sound server has suspended Mic");
    engine.publish(connectedTo(1));
    assert.equal(events.at(-1), "suspended: null");
  });

  test("passes blocks of a microphone whose stream the server never reports", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { engine, follower, blocks, events } = follow(t, false);
    engine.publish(serverState({ sources, defaultSource: "mic" }));
    follower.pass(block(1));
    assert.equal(blocks.length, 0);
    t.mock.timers.tick(3_000);
    follower.pass(block(2));
    assert.deepEqual([valuesOf(blocks), events], [[2], ["unverified"]]);
  });
});

describe("the connection to the sound server", () => {
  test("is shared, and held only while something follows", async () => {
    const engine = new FakeSoundServer(serverState());
    const server = new SoundServer(engine, {}, ignoreLog);
    const stops = [server.follow({ onState: ignoreLog }), server.follow({ onState: ignoreLog })];
    assert.notEqual(await server.current(), null);
    assert.deepEqual([engine.opened, engine.connections], [1, 1]);
    for (const stop of stops) stop();
    assert.equal(engine.connections, 0);
    await server.close();
  });

  test("comes back when the server was away", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const engine = new FakeSoundServer(serverState());
    const server = new SoundServer(engine, {}, ignoreLog);
    const states: boolean[] = [];
    server.follow({ onState: (state) => void states.push(state !== null) });
    await new Promise(setImmediate);
    engine.end("Connection terminated");
    t.mock.timers.tick(300);
    await new Promise(setImmediate);
    assert.deepEqual(states, [true, false, true]);
    await server.close();
    assert.equal(engine.connections, 0);
  });

  test("is none without a server, without libpulse, and after the end", async () => {
    const without = new SoundServer(new FakeSoundServer(null), {}, ignoreLog);
    assert.equal(await without.current(), null);
    const refusing = {
      openSoundServer: () => {
        throw new Error("libpulse.so.0: cannot open shared object file");
      },
    };
    assert.equal(await new SoundServer(refusing, {}, ignoreLog).current(), null);
    const ended = new SoundServer(new FakeSoundServer(serverState()), {}, ignoreLog);
    await ended.close();
    assert.equal(await ended.current(), null);
  });
});
