// Random user actions on two real plugin processes. After every action both hosts receive what the charts in memory
// predicted.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { RpcError } from "../../rpc-schema/index.ts";
import { hangUpAll, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import {
  type PredictedCalls,
  PredictedPair,
  type Side,
  type UserAction,
  type VisibleCall,
  visibleCall,
} from "../support/plugin/predicted-pair.ts";
import { seededRandom } from "../support/process/seeded-random.ts";

const DEEDS = 9;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Two processes, the one with the lower peer id first. */
class RealPair {
  readonly #sides: readonly [PluginProcess, PluginProcess];
  /** Call ids by call number. */
  readonly #callIds = new Map<number, string>();

  constructor(alice: PluginProcess, bob: PluginProcess) {
    this.#sides = alice.peerId < bob.peerId ? [alice, bob] : [bob, alice];
  }

  mark(): void {
    for (const side of this.#sides) side.clearNotifications();
  }

  /** @returns the action that took place: of two simultaneous starts, one may be refused because of the other */
  async does(deed: UserAction): Promise<UserAction> {
    if (deed.what === "startBoth") return await this.#startBoth(deed.call);
    if (deed.what === "start") await this.#start(deed.who, deed.call, deed.media);
    else await this.#wants(deed, this.#sides[deed.who].host, this.#idOf(deed.call));
    return deed;
  }

  /** Asserts that a host receives what the charts predicted since the last action. */
  async assertNotified(who: Side, was: PredictedCalls, is: PredictedCalls): Promise<void> {
    const side = this.#sides[who];
    for (const [call, end] of is.ends) {
      if (was.ends.has(call)) continue;
      const ended = await side.next("call.ended", ({ callId }) => callId === this.#idOf(call));
      assert.equal(`${ended.reason} ${ended.endedBy}`, end, `call ${call} at ${who}`);
    }
    for (const [call, { isIncoming, ...known }] of is.active) {
      const before = was.active.get(call);
      const isNew = before === undefined && isIncoming && known.phase === "ringing";
      if (isNew) await side.next("call.incoming", ({ callId }) => callId === this.#idOf(call));
      else if (JSON.stringify(before) !== JSON.stringify({ ...known, isIncoming }))
        await this.#becomes(who, call, known);
    }
  }

  dies(who: Side): Promise<void> {
    return this.#sides[who].kill();
  }

  async list(who: Side): Promise<string[]> {
    const { calls } = await this.#sides[who].host.request("call.list", {});
    return calls.map(({ callId }) => callId);
  }

  async #becomes(who: Side, call: number, known: VisibleCall): Promise<void> {
    const wanted = JSON.stringify(known);
    let last = "";
    try {
      await this.#sides[who].next("call.changed", (info) => {
        if (info.callId !== this.#idOf(call)) return false;
        last = JSON.stringify(visibleCall(info));
        return last === wanted;
      });
    } catch (error) {
      throw new Error(`call ${call} at ${who} is ${last}; the prediction was ${wanted}`, { cause: error });
    }
  }

  async #startBoth(call: number): Promise<UserAction> {
    const [one, other] = await Promise.allSettled([
      this.#start(0, call, "video"),
      this.#start(1, call + 1, "video"),
    ]);
    if (one.status === "fulfilled" && other.status === "fulfilled") return { what: "startBoth", call };
    const refused = one.status === "rejected" ? one : other;
    if (refused.status === "rejected" && !isInCall(refused.reason)) throw refused.reason;
    if (one.status === "rejected") this.#callIds.set(call, this.#idOf(call + 1));
    return { what: "start", who: one.status === "rejected" ? 1 : 0, call, media: "video" };
  }

  async #start(who: Side, call: number, media: "audio" | "video"): Promise<void> {
    const { peerId } = this.#sides[who === 0 ? 1 : 0];
    const { callId } = await this.#sides[who].host.request("call.start", { peerId, media });
    this.#callIds.set(call, callId);
  }

  async #wants(
    deed: Exclude<UserAction, { what: "start" | "startBoth" }>,
    host: PluginProcess["host"],
    callId: string,
  ): Promise<void> {
    switch (deed.what) {
      case "accept":
        await host.request("call.accept", { callId, ...(deed.media === null ? {} : { media: deed.media }) });
        return;
      case "reject":
        await host.request("call.reject", { callId });
        return;
      case "hangup":
        await host.request("call.hangup", { callId });
        return;
      default:
        await host.request(`call.${deed.what}`, { callId, on: deed.on });
    }
  }

  #idOf(call: number): string {
    return this.#callIds.get(call) ?? assert.fail(`call ${call} was never started`);
  }
}

const isInCall = (error: unknown) => error instanceof RpcError && error.kind === "alreadyInCall";

describe("two real processes", () => {
  let pair: Awaited<ReturnType<typeof startPair>>;
  before(async () => {
    const settings = { timeouts: { lostMs: 500, restartMs: 2_000 } };
    pair = await startPair({ settings }, { settings });
  });
  afterEach(() =>
    Promise.all([pair.alice, pair.bob].filter(({ child }) => child.signalCode === null).map(hangUpAll)),
  );
  after(() => pair.stop());

  for (const seed of SEEDS) {
    test(`notify both hosts as the charts predicted, with seed ${seed}`, async () => {
      const random = seededRandom(seed);
      using charts = new PredictedPair();
      await charts.start();
      const real = new RealPair(pair.alice, pair.bob);
      const done: string[] = [];
      const doesBoth = async (deed: UserAction) => {
        const was = [charts.predict(0), charts.predict(1)] as const;
        real.mark();
        const came = await real.does(deed);
        await charts.perform(came);
        done.push(JSON.stringify(came));
        for (const who of [0, 1] as const) await real.assertNotified(who, was[who], charts.predict(who));
      };
      for (let count = 0; count < DEEDS; count += 1) await doesBoth(charts.nextAction(random));
      for (const [call] of charts.predict(0).active) await doesBoth({ what: "hangup", who: 0, call });
      assert.deepEqual([await real.list(0), await real.list(1)], [[], []], done.join("\n"));
    });
  }

  test("behave as predicted when one of them crashes: the call of the other is lost, and its host is notified", async () => {
    using charts = new PredictedPair();
    await charts.start();
    const real = new RealPair(pair.alice, pair.bob);
    for (const deed of [
      { what: "start", who: 0, call: 1, media: "audio" },
      { what: "accept", who: 1, call: 1, media: null },
    ] as const) {
      const was = [charts.predict(0), charts.predict(1)] as const;
      await real.does(deed);
      await charts.perform(deed);
      for (const who of [0, 1] as const) await real.assertNotified(who, was[who], charts.predict(who));
    }
    const was = charts.predict(0);
    await charts.killProcess(1);
    assert.deepEqual([...charts.predict(0).ends], [[1, "connectionLost local"]]);
    await real.dies(1);
    await real.assertNotified(0, was, charts.predict(0));
  });
});
