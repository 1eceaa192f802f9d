// The notifications about a call: each change once, in order, and the end last. The sampler is wired as in the product.

import assert from "node:assert/strict";
import { after, describe, mock, test } from "node:test";
import { CallReporter } from "../../../plugin/calls/call-reporter.ts";
import { Sampler } from "../../../plugin/calls/sampler.ts";
import type {
  CallInfo,
  PluginNotificationName,
  PluginNotificationParams,
  Signal,
} from "../../../rpc-schema/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const CALL = "call-1";
const REQUEST: Signal = { type: "call-request", mediaType: "audio" };
const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

class ReportBench {
  /** Sending a hang-up never completes. */
  readonly bench = new CallBench({
    send: async (_peerId, _callId, { type }) => {
      if (type === "call-hangup") await new Promise<never>(() => undefined);
    },
  });
  readonly sent: { name: PluginNotificationName; params: unknown }[] = [];
  nowMs = 1_000_000;
  monotonicMs = 5_000;
  readonly sampler: Sampler;
  readonly reporter: CallReporter;

  constructor(ringSettleMs = 0) {
    benches.push(this.bench);
    const { environment } = this.bench;
    this.sampler = new Sampler({
      environment,
      onLevels: (callId, levels) =>
        void this.sent.push({ name: "call.levels", params: { callId, ...levels } }),
      onStatistics: (statistics) => {
        this.sent.push({ name: "call.statistics", params: statistics });
        this.reporter.update(statistics.callId);
      },
      dateMs: () => this.nowMs,
      monotonicMs: () => this.monotonicMs,
    });
    this.reporter = new CallReporter({
      mediaOf: environment.mediaOf,
      notify: (name, params) => void this.sent.push({ name, params }),
      labelOf: (peerId) => `label of ${peerId}`,
      qualityOf: (callId) => this.sampler.statistics(callId)?.quality ?? "unknown",
      onRing: ({ peerId }) => void environment.ringBudget.take(peerId),
      onConnected: ({ callId }) => this.sampler.start(callId),
      dateMs: () => this.nowMs,
      monotonicMs: () => this.monotonicMs,
      ringSettleMs,
    });
    this.bench.onStateChange = () => this.reporter.scheduleUpdate();
  }

  /** Lets time pass on both clocks. */
  pass(timeMs: number): void {
    this.nowMs += timeMs;
    this.monotonicMs += timeMs;
  }

  async rings(): Promise<void> {
    this.bench.receiveSignal("bob", CALL, REQUEST);
    const [call] = this.bench.announced;
    if (call) this.reporter.add(call);
    await settle();
  }

  async accepts(): Promise<void> {
    this.bench.manager.send({
      type: "user.toCall",
      callId: CALL,
      event: { type: "user.accept", media: null },
    });
    await settle();
  }

  /** The caller is another fake of the same process. */
  async connects(): Promise<void> {
    const caller = await this.bench.engine.createPeer(
      { iceServers: [], maxVideoBitrateBps: 1, gatherMs: 0, placeOfPeer: () => "machine" as const },
      {
        onCandidate: () => undefined,
        onConnectionState: () => undefined,
        onNegotiated: () => undefined,
        onPathTrouble: () => undefined,
        onRefused: () => undefined,
        onVideo: () => undefined,
        onAudio: () => undefined,
      },
    );
    this.bench.receiveSignal("bob", CALL, { type: "call-offer", sdp: await caller.createOffer() });
    await settle();
    const answer = this.bench.sent.find(({ signal }) => signal.type === "call-answer")?.signal;
    if (answer?.type === "call-answer") await caller.acceptAnswer(answer.sdp);
    for (const { signal } of this.bench.sent) {
      if (signal.type === "ice-candidate") caller.addCandidate(signal.candidate);
    }
    await settle();
  }

  names(): string[] {
    return this.sent.map(({ name }) => name).filter((name) => name !== "call.levels");
  }

  of<N extends PluginNotificationName>(name: N): PluginNotificationParams<N>[] {
    return this.sent.filter((sent) => sent.name === name).map(({ params }) => params) as never;
  }

  async ends(): Promise<void> {
    this.bench.receiveSignal("bob", CALL, { type: "call-hangup" });
    await settle();
    for (const ended of this.bench.ended) {
      this.sampler.stop(ended.callId);
      this.reporter.end(ended);
    }
  }
}

describe("the reporter", () => {
  test("reports an incoming call with its peer's label and its time", async () => {
    const bench = new ReportBench();
    await bench.rings();
    const [incoming] = bench.of("call.incoming");
    assert.deepEqual(
      [incoming?.callId, incoming?.peerLabel, incoming?.createdAt, incoming?.connectedAt],
      [CALL, "label of bob", 1_000_000, undefined],
    );
  });

  test("reports nothing about a call that its caller cancels before it rings", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const bench = new ReportBench(100);
    await bench.rings();
    bench.reporter.scheduleUpdate();
    await settle();
    assert.deepEqual(bench.reporter.list(), []);
    await bench.ends();
    t.mock.timers.tick(1_000);
    assert.deepEqual(bench.names(), []);
    assert.ok(
      bench.bench.environment.ringBudget.size === 0,
      "a call that did not ring does not use up the peer's budget",
    );
  });

  test("reports an incoming call a moment after its request", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const bench = new ReportBench(100);
    await bench.rings();
    t.mock.timers.tick(99);
    assert.deepEqual(bench.names(), []);
    t.mock.timers.tick(1);
    assert.deepEqual(bench.names(), ["call.incoming"]);
    await bench.ends();
    assert.deepEqual(bench.names(), ["call.incoming", "call.ended"]);
  });

  test("reports nothing when the charts change but the description of the call does not", async () => {
    const bench = new ReportBench();
    await bench.rings();
    for (let count = 0; count < 5; count += 1) {
      bench.reporter.scheduleUpdate();
      await settle();
    }
    bench.bench.receiveSignal("bob", CALL, REQUEST);
    await settle();
    assert.deepEqual(bench.names(), ["call.incoming"]);
  });

  test("reports a burst of changes once, and never the same state twice in a row", async () => {
    const bench = new ReportBench();
    await bench.rings();
    await bench.accepts();
    const changes = bench.of("call.changed").map((info) => JSON.stringify(info));
    assert.ok(changes.length < bench.bench.sent.length + 4);
    for (const [index, text] of changes.entries()) assert.notEqual(text, changes[index - 1]);
    assert.equal((bench.of("call.changed").at(-1) as CallInfo).local.microphone.state, "live");
  });

  test("counts only the connected time as the duration of the call", async () => {
    const bench = new ReportBench();
    await bench.rings();
    bench.pass(5_000);
    await bench.accepts();
    await bench.connects();
    assert.equal(bench.of("call.changed").at(-1)?.connectedAt, 1_005_000);
    bench.pass(42_000);
    await bench.ends();
    assert.equal(bench.of("call.ended")[0]?.durationMs, 42_000);
  });

  for (const stepMs of [24 * 3_600_000, -3_600_000]) {
    test(`counts the duration right when the clock is set by ${stepMs / 3_600_000} hours in mid-call`, async () => {
      const bench = new ReportBench();
      await bench.rings();
      await bench.accepts();
      await bench.connects();
      bench.pass(10_000);
      bench.nowMs += stepMs;
      bench.reporter.scheduleUpdate();
      await settle();
      const info = bench.of("call.changed").at(-1);
      assert.equal(info?.connectedAt, 1_000_000 + stepMs, "a page that subtracts the dates gets ten seconds");
      assert.equal(bench.reporter.timesOf(CALL)?.connectedAt, info?.connectedAt);
      bench.pass(32_000);
      await bench.ends();
      assert.equal(bench.of("call.ended")[0]?.durationMs, 42_000);
    });
  }

  test("gives a call that was never connected the duration 0", async () => {
    const bench = new ReportBench();
    await bench.rings();
    bench.pass(5_000);
    await bench.ends();
    assert.equal(bench.of("call.ended")[0]?.durationMs, 0);
  });

  test("reports the end last and once, and never the phase `ended`", async () => {
    const bench = new ReportBench();
    await bench.rings();
    await bench.accepts();
    await bench.ends();
    await bench.ends();
    bench.reporter.scheduleUpdate();
    await settle();
    assert.equal(bench.names().at(-1), "call.ended");
    assert.equal(bench.of("call.ended").length, 1);
    assert.ok(bench.of("call.changed").every(({ phase }) => phase !== "ended"));
    assert.deepEqual(bench.reporter.list(), []);
    assert.equal(bench.sampler.statistics(CALL), null);
  });

  test("does not list a call that is only sending its hang-up", async () => {
    const bench = new ReportBench();
    await bench.rings();
    assert.equal(bench.reporter.list().length, 1);
    bench.bench.manager.send({ type: "user.toCall", callId: CALL, event: { type: "user.hangup" } });
    await settle();
    assert.equal(bench.bench.calls().length, 1);
    assert.deepEqual(bench.reporter.list(), []);
  });

  test("measures the first second after the connection for the adapt charts", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const bench = new ReportBench();
      const seconds: number[] = [];
      await bench.rings();
      await bench.accepts();
      bench.bench.environment.measurements.subscribe(CALL, () => seconds.push(bench.monotonicMs));
      await bench.connects();
      bench.monotonicMs += 1_000;
      mock.timers.tick(1_000);
      await settle();
      assert.deepEqual(seconds, [6_000]);
      await bench.ends();
    } finally {
      mock.timers.reset();
    }
  });

  test("reports statistics each second and levels ten times as often, from the connection to the end", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const bench = new ReportBench();
      await bench.rings();
      await bench.accepts();
      mock.timers.tick(5_000);
      await settle();
      assert.deepEqual([bench.of("call.statistics").length, bench.of("call.levels").length], [0, 0]);
      await bench.connects();
      mock.timers.tick(1_000);
      await settle();
      assert.deepEqual([bench.of("call.statistics").length, bench.of("call.levels").length], [1, 10]);
      assert.deepEqual(bench.sampler.statistics(CALL), bench.of("call.statistics")[0]);
      await bench.ends();
      mock.timers.tick(5_000);
      await settle();
      assert.deepEqual([bench.of("call.statistics").length, bench.of("call.levels").length], [1, 10]);
    } finally {
      mock.timers.reset();
    }
  });
});
