// One adapt chart in a call, with a clock and measurements by hand.

import assert from "node:assert/strict";
import { createActor, SimulatedClock, setup } from "xstate";
import { eventsOf } from "../../../plugin/calls/effects/adapt-effects.ts";
import type { PictureStep } from "../../../rpc-schema/index.ts";
import type { AdaptedDirection, AdaptReport, Measured } from "../../../statecharts/index.ts";
import { chartsWith, Effects } from "./effects.ts";

/** A 640x480 picture that needs 337 kbit/s, on a link that carries 3 Mbit/s. */
export const WELL: Measured = {
  roundTripMs: 40,
  sendLoss: 0,
  availableSendBps: 3_000_000,
  maxVideoBps: 1_500_000,
  isEncoderBehind: false,
  loopLagMs: 1,
  captureDropped: 0,
  picture: { width: 640, height: 480, fps: 30 },
  pageReplaced: 0,
};

export class AdaptBench {
  readonly effects = new Effects();
  readonly clock = new SimulatedClock();
  /** The reports to the call, with their time. */
  readonly reports: (AdaptReport & { atMs: number })[] = [];
  readonly actor;
  readonly #direction: AdaptedDirection;
  #last: Measured | null = null;

  constructor(direction: AdaptedDirection = "sending") {
    this.#direction = direction;
    const { adapt } = chartsWith(this.effects);
    const call = setup({ types: { events: {} as AdaptReport }, actors: { adapt } }).createMachine({
      invoke: { src: "adapt", id: "adapt", input: { callId: "call-1", direction } },
      on: {
        "adapt.stepped": { actions: ({ event }) => this.reports.push({ ...event, atMs: this.clock.now() }) },
      },
    });
    this.actor = createActor(call, { clock: this.clock }).start();
  }

  get context() {
    return this.actor.getSnapshot().children.adapt?.getSnapshot().context ?? assert.fail("no chart");
  }

  get step(): PictureStep {
    return this.context.step;
  }

  /** Sends the same measurements for this many seconds. */
  measures(measured: Measured, seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.increment(1_000);
      for (const event of eventsOf(measured, this.#direction, this.#last))
        this.effects.running("measure")[0]?.send(event);
      this.#last = measured;
    }
  }

  /** Continues until this step. */
  falls(step: PictureStep, measured: Measured): void {
    for (let second = 0; this.step !== step && second < 400; second += 1) this.measures(measured, 1);
    assert.equal(this.step, step);
  }

  applied(): unknown[] {
    return this.effects.inputs("apply");
  }
}
