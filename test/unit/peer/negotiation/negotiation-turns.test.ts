// Negotiations refuse each other, and changes within our engine wait for them and let them wait.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NegotiationTurns } from "../../../../plugin/peer/negotiation/negotiation-turns.ts";

class Bench {
  readonly closed = new AbortController();
  state = "stable";
  readonly log: string[] = [];
  readonly turns = new NegotiationTurns({
    signal: this.closed.signal,
    signalingState: () => this.state,
    onBegin: () => this.log.push("begin"),
    onEnd: () => this.log.push("end"),
  });

  /** @returns a turn, and what ends its work */
  take(name: string, kind: "take" | "change" = "take") {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const work = async () => {
      this.log.push(name);
      await promise;
    };
    const turn = kind === "take" ? this.turns.take(name, ["stable"], work) : this.turns.change(name, work);
    return { turn, end: resolve, fail: reject };
  }
}

const settled = () => new Promise(setImmediate);

describe("turns of negotiation", () => {
  test("run one negotiation, and refuse another with the name of the first", async () => {
    const bench = new Bench();
    const first = bench.take("first");
    await settled();
    await assert.rejects(bench.take("second").turn, /^PeerError: second: first is still in progress$/);
    first.end();
    await first.turn;
    assert.deepEqual(bench.log, ["begin", "first", "end"]);
  });

  test("refuse other states of signalling, and a closed peer", async () => {
    const bench = new Bench();
    bench.state = "have-local-offer";
    for (const kind of ["take", "change"] as const)
      await assert.rejects(bench.take("work", kind).turn, /state is have-local-offer; expected stable/);
    bench.closed.abort();
    for (const kind of ["take", "change"] as const)
      await assert.rejects(bench.take("work", kind).turn, /work: the peer was closed/);
    assert.deepEqual(bench.log, []);
  });

  test("let a change wait for a negotiation, and a negotiation for changes", async () => {
    const bench = new Bench();
    const first = bench.take("first");
    await settled();
    const changes = [bench.take("one", "change"), bench.take("other", "change")];
    const last = bench.take("last");
    for (const each of [first, ...changes, last]) {
      await settled();
      each.end();
    }
    await Promise.all([first, ...changes, last].map(({ turn }) => turn));
    const names = bench.log.filter((line) => line !== "begin" && line !== "end");
    assert.deepEqual(names, ["first", "one", "other", "last"]);
  });

  test("go on after work that failed", async () => {
    const bench = new Bench();
    const [negotiation, change] = [bench.take("negotiation"), bench.take("change", "change")];
    await settled();
    negotiation.fail(new Error("refused"));
    await assert.rejects(negotiation.turn, /^PeerError: negotiation: refused$/);
    await settled();
    change.fail(new Error("refused"));
    await assert.rejects(change.turn, /^PeerError: change: refused$/);
    const next = bench.take("next");
    next.end();
    await next.turn;
  });
});
