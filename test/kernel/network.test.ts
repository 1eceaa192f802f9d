// The simulated network of the tests beside the kernel's: the same packet trains through sch_netem and through a UdpRelay, and
// the same questions to nf_nat and to the table of the simulated NATs. Netem takes no seed in this kernel, so shares are compared
// within five standard deviations of what the shape says. The emulated
// processor takes some milliseconds to pass a packet on, for which the tolerances of delays allow.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { askNat, type NatAnswers, type NatUnderTest } from "../support/network/probe/nat-questions.ts";
import type { TrainFigures } from "../support/network/probe/packet-train.ts";
import {
  type Endpoint,
  NAT_KINDS,
  type NatKind,
  type NatMapping,
  NatTable,
} from "../support/network/simulated/nat-table.ts";
import type { NetworkReport } from "./guest/network/report.ts";

const result = await runInVm({
  command: ["node", "test/kernel/guest/network/report.ts"],
  timeoutS: 540,
});
// The script that prints the guest's report defines its type.
const { runs, nat, timeoutS } = lastJson(result) as NetworkReport;

/** The kernel itself swaps packets of a process that it moves to another processor. */
const MOVED_SHARE = 0.005;

type RunName = keyof typeof runs;
type Read = (figures: TrainFigures) => number;

/** Both networks have this value, within the tolerance. */
function assertBoth(name: RunName, what: string, read: Read, expected: number, tolerance: number): void {
  const { real, simulated } = runs[name];
  for (const [which, figures] of Object.entries({ real, simulated })) {
    const value = read(figures);
    assert.ok(
      Math.abs(value - expected) <= tolerance,
      `${name}, ${which}: ${what} is ${value}, not ${expected} ± ${tolerance}`,
    );
  }
}

/** The reason to skip what compares times, on a machine so busy that the guest stood still in each attempt. */
function stalled(name: RunName): string | false {
  const { isCalm, timerGapMs } = runs[name];
  return !isCalm && `the guest's timers of 4 ms are ${timerGapMs.toFixed(0)} ms apart`;
}

describe("sch_netem and the relay, by the same packet trains", () => {
  test("lose, duplicate and reorder nothing on a free link", () => {
    assertBoth("free", "the lost share", ({ lost }) => lost, 0, 0);
    assertBoth("free", "the duplicated share", ({ duplicated }) => duplicated, 0, 0);
    assertBoth("free", "the late share", ({ late }) => late, 0, MOVED_SHARE);
  });

  test("lose single packets by chance, so that some neighbours are lost together", () => {
    assertBoth("loss", "the lost share", ({ lost }) => lost, 0.3, 0.051);
    assertBoth("loss", "the mean burst", ({ lossBurst }) => lossBurst, 1 / 0.7, 0.2);
  });

  test("lose the same share in bursts of the same length, and duplicate the same share", () => {
    assertBoth("bursts", "the lost share", ({ lost }) => lost, 0.1, 0.06);
    assertBoth("bursts", "the mean burst", ({ lossBurst }) => lossBurst, 4, 1.8);
    assertBoth("bursts", "the duplicated share", ({ duplicated }) => duplicated, 0.05, 0.019);
  });

  test("let the same share arrive late, by the same time", { skip: stalled("reordered") }, () => {
    assertBoth("reordered", "the late share", ({ late }) => late, 0.1, 0.04);
    assertBoth("reordered", "the delay of late packets", ({ lateDelayMs }) => lateDelayMs, 40, 12);
  });

  test("have the same quantiles of delay where no packet can overtake another", {
    skip: stalled("jitter"),
  }, () => {
    for (const [quantile, expected] of [
      ["p10", 84],
      ["p50", 104],
      ["p90", 124],
    ] as const) {
      assertBoth("jitter", `${quantile} of the delay`, ({ delayMs }) => delayMs[quantile], expected, 20);
    }
    assertBoth("jitter", "the late share", ({ late }) => late, 0, 0);
  });

  test("differ on purpose where jitter is wider than the gaps: only netem reorders", {
    skip: stalled("crowded"),
  }, () => {
    const { real, simulated } = runs.crowded;
    assert.ok(real.late > 0.02, `${real.late} late`);
    assert.equal(simulated.late, 0);
  });

  test("pass the same rate, and drop the same share of what a queue of a second cannot hold", {
    skip: stalled("rate"),
  }, () => {
    assertBoth("rate", "the rate", ({ rateBps }) => rateBps, 300_000, 20_000);
    assertBoth("rate", "the lost share", ({ lost }) => lost, 36.5 / 75, 0.05);
  });
});

describe("nf_nat and the table of the simulated NATs, by the same questions", () => {
  for (const kind of Object.keys(NAT_KINDS) as NatKind[]) {
    test(`a ${kind} has the same mapping and lets in the same senders`, async () => {
      assert.deepEqual(nat.kinds[kind], await askNat(tableUnderTest(kind)));
    });
  }

  test("a masquerade that answers strangers takes another port for one that sent first, unlike the table", async () => {
    const expected: NatAnswers = {
      ...(await askNat(tableUnderTest("port-restricted cone"))),
      hasOneOuterPort: false,
    };
    assert.deepEqual(nat.answering, expected);
  });

  test("a masquerade keeps the inner port, and gives a second computer with the same one another, for all receivers", () => {
    const [first, second, toOther] = nat.collision;
    assert.equal(first, "5000");
    assert.notEqual(second, "5000");
    assert.equal(toOther, second);
  });

  test("the kernel forgets a mapping without answers after 30 s, others after 120 s", () => {
    assert.deepEqual(timeoutS, { unanswered: 30, answered: 120 });
  });
});

/** The table with outer ports of its own choice. */
function tableUnderTest(kind: NatKind): NatUnderTest {
  const table = new NatTable(kind);
  const outer = new Map<NatMapping, Endpoint>();
  return {
    async leave(to) {
      const mapping = table.leave("10.1.0.2:4000", to);
      const known = outer.get(mapping) ?? `192.0.2.254:${1_024 + outer.size}`;
      outer.set(mapping, known);
      return known;
    },
    async enter(at, from) {
      const mapping = [...outer].find(([, endpoint]) => endpoint === at)?.[0];
      return mapping === undefined ? [] : from.filter((sender) => table.mayEnter(mapping, sender));
    },
  };
}
