// The plugin's life with its host.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import { type AttachEvent, attachMachine, type StopInput } from "../../statecharts/index.ts";
import { settled } from "./support/start-manager.ts";

function attach(input: { leaveMs?: number; stopMs?: number } = {}) {
  const clock = new SimulatedClock();
  const started: true[] = [];
  const stops: string[] = [];
  const stopped = Promise.withResolvers<void>();
  const machine = attachMachine.provide({
    actions: { startServices: () => void started.push(true) },
    actors: {
      stopServices: fromPromise<void, StopInput>(({ input: { reason } }) => {
        stops.push(reason);
        return stopped.promise;
      }),
    },
  });
  const actor = createActor(machine, { clock, input }).start();
  return {
    actor,
    clock,
    started,
    stops,
    stopped,
    value: () => actor.getSnapshot().value,
    exitStatus: () => actor.getSnapshot().output?.exitStatus,
    async hears(...types: AttachEvent["type"][]) {
      for (const type of types) actor.send({ type });
      await settled();
    },
    async passes(timeMs: number) {
      clock.increment(timeMs);
      await settled();
    },
  };
}

describe("the plugin's life", () => {
  test("leads from initialize through shutdown to exit with status 0", async () => {
    const life = attach();
    await life.hears("host.initialize");
    assert.deepEqual(life.started, []);
    await life.hears("host.initialized");
    assert.equal(life.started.length, 1);
    await life.hears("host.shutdown");
    assert.deepEqual(life.stops, ["shutdown"]);
    assert.equal(life.value(), "stopping");
    life.stopped.resolve();
    await settled();
    assert.equal(life.value(), "stopped");
    await life.hears("host.exit");
    assert.equal(life.exitStatus(), 0);
  });

  test("serves from initialize until shutdown", async () => {
    const life = attach();
    const serves = () => life.actor.getSnapshot().hasTag("serving");
    assert.equal(serves(), false);
    await life.hears("host.initialize");
    assert.equal(serves(), true);
    await life.hears("host.initialized");
    assert.equal(serves(), true);
    await life.hears("host.shutdown");
    assert.equal(serves(), false);
  });

  test("ignores a second initialize, and an initialized before it", async () => {
    const life = attach();
    await life.hears("host.initialized");
    assert.equal(life.value(), "awaitingInitialize");
    await life.hears("host.initialize", "host.initialized", "host.initialize", "host.initialized");
    assert.equal(life.value(), "running");
    assert.equal(life.started.length, 1);
  });

  test("ends at once with status 1 when the host leaves or sends exit before initialize", async () => {
    for (const type of ["host.gone", "host.exit"] as const) {
      const life = attach();
      await life.hears(type);
      assert.equal(life.exitStatus(), 1);
      assert.deepEqual(life.stops, []);
    }
  });

  test("stops the services and ends with status 1 when the host leaves or sends exit without shutdown", async () => {
    for (const type of ["host.gone", "host.exit"] as const) {
      for (const before of [["host.initialize"], ["host.initialize", "host.initialized"]] as const) {
        const life = attach();
        await life.hears(...before, type);
        assert.deepEqual(life.stops, ["hostGone"]);
        assert.equal(life.value(), "leaving");
        life.stopped.resolve();
        await settled();
        assert.equal(life.exitStatus(), 1);
      }
    }
  });

  test("ends within 850 ms after the loss of the host, even if a service hangs", async () => {
    const life = attach();
    await life.hears("host.initialize", "host.initialized", "host.gone");
    await life.passes(849);
    assert.equal(life.value(), "leaving");
    await life.passes(1);
    assert.equal(life.exitStatus(), 1);
  });

  test("answers a shutdown after 3 seconds, even if a service hangs", async () => {
    const life = attach();
    await life.hears("host.initialize", "host.shutdown");
    await life.passes(2_999);
    assert.equal(life.value(), "stopping");
    await life.passes(1);
    assert.equal(life.value(), "stopped");
  });

  test("takes both delays from its input", async () => {
    const leaving = attach({ leaveMs: 20 });
    await leaving.hears("host.initialize", "host.gone");
    await leaving.passes(20);
    assert.equal(leaving.value(), "exited");
    const stopping = attach({ stopMs: 30 });
    await stopping.hears("host.initialize", "host.shutdown");
    await stopping.passes(30);
    assert.equal(stopping.value(), "stopped");
  });

  test("continues when stopping fails", async () => {
    const life = attach();
    await life.hears("host.initialize", "host.shutdown");
    life.stopped.reject(new Error("a device did not close"));
    await settled();
    assert.equal(life.value(), "stopped");
  });

  test("ends when the host leaves or sends exit during a shutdown", async () => {
    for (const type of ["host.gone", "host.exit"] as const) {
      const life = attach();
      await life.hears("host.initialize", "host.shutdown", type);
      assert.equal(life.exitStatus(), 1);
    }
  });

  test("ends with status 0 when the host leaves after the shutdown", async () => {
    const life = attach();
    await life.hears("host.initialize", "host.shutdown");
    life.stopped.resolve();
    await settled();
    await life.hears("host.gone");
    assert.equal(life.exitStatus(), 0);
  });

  test("ends after the loss of the host although a service cannot be stopped", async () => {
    const life = attach();
    await life.hears("host.initialize", "host.gone");
    life.stopped.reject(new Error("a device did not close"));
    await settled();
    assert.equal(life.exitStatus(), 1);
  });
});
