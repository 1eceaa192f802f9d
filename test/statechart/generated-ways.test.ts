// Ways through every chart that nobody thought of: all shortest ones with every move and fault after them, and simple ones by
// chance. Wherever a way ends and nobody says anything any more, the chart ends too, or waits for somebody on purpose.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setup } from "xstate";
import { decisionTables } from "../../statecharts/describe/decisions.ts";
import { externalPromise } from "../../statecharts/not-provided.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import type { ChartStage, Surroundings } from "./support/chart-stage.ts";
import { type Walk, walk } from "./support/chart-walk.ts";
import { adaptOf, attachLife, callOf, linkOf, managerWith, mediaOf } from "./support/environment.ts";

const ENDS = /^(user\.(hangup|reject)|signal\.hangup|manager\.(end|close)|host\.(exit|gone)) /;

/** Where a chart may stay for ever, and for whom it waits there. Everywhere else something has to end the wait. */
const ON_PURPOSE: Record<string, RegExp> = {
  // The host.
  attach: /^attach\.(awaitingInitialize|initialized|running|stopped)$/,
  // The users, or whoever calls; a call only while it is connected.
  callManager: /^(callManager\.(open|disabled)|call\.active\.connected|link\.connected)$/,
  call: /^(call\.active\.connected|link\.connected)$/,
  link: /^link\.connected$/,
  // The user and the machine; whoever opens a device has a deadline of its own.
  media:
    /^media\.(camera\.(off|open\.opening|open\.live|lost)|microphone\.(open\.\w+|lost)|speaker\.(open\.\w+|lost))$/,
  // The next figures.
  adapt: /^adapt\.\w+\.(steady|strained|easing)$/,
};
/** Charts within a call follow it and end with it. */
const FOLLOWS = /^(media|adapt)\b/;

interface Plan {
  readonly chart: string;
  readonly surroundings: readonly Surroundings[];
  readonly positions: number;
  readonly moves: number;
}

const kinds = ["plugin", "native", "browser", "script"] as const;
const plans: Plan[] = [
  { chart: "attach", surroundings: [attachLife], positions: 100, moves: 8 },
  {
    chart: "link",
    surroundings: kinds.flatMap((peerKind) => [
      linkOf({ role: "offerer", peerKind, isResumed: false }),
      linkOf({ role: "answerer", peerKind, isResumed: false }),
      linkOf({ role: "answerer", peerKind, isResumed: true }),
    ]),
    positions: 100,
    moves: 12,
  },
  {
    chart: "call",
    surroundings: [
      callOf({ direction: "outgoing", peerKind: "native" }),
      callOf({ direction: "incoming", peerKind: "plugin" }),
      callOf({ direction: "incoming", peerKind: "browser", isWaiting: true }),
    ],
    positions: 60,
    moves: 10,
  },
  {
    chart: "callManager",
    surroundings: [managerWith("alice"), managerWith("carol")],
    positions: 60,
    moves: 10,
  },
  { chart: "media", surroundings: [mediaOf({ media: "video" })], positions: 150, moves: 8 },
  { chart: "adapt", surroundings: [adaptOf("sending"), adaptOf("showing")], positions: 100, moves: 30 },
];

function judge(chart: string) {
  const onPurpose = ON_PURPOSE[chart] ?? assert.fail(chart);
  return (stage: ChartStage, way: readonly string[]) => {
    const hint = () => `${way.join("\n")}\n→ ${stage.position()}`;
    assert.equal(stage.failure, null, hint());
    if (stage.isOver) {
      assert.deepEqual(stage.held, [], `still held after\n${hint()}`);
      assert.equal(stage.clock.waiting, 0, `a timer still runs after\n${hint()}`);
      return;
    }
    assert.equal(stage.clock.waiting, 0, `silence never ends after\n${hint()}`);
    const stuck = stage
      .restingStates()
      .filter((id) => !onPurpose.test(id) && (id.startsWith(chart) || !FOLLOWS.test(id)));
    assert.deepEqual(stuck, [], `waits for nobody after\n${hint()}`);
    if (chart === "call" && ENDS.test(way.at(-1) ?? "")) assertUnheeded(stage, way);
  };
}

function assertUnheeded(stage: ChartStage, way: readonly string[]): void {
  const ending = way.at(-1) ?? "";
  // A second click in a call changes nothing.
  assert.match(ending, /^user\.reject /, `${way.join("\n")}\nends nothing: ${stage.position()}`);
}

/** It has a wait that nothing ends, behind two moves, and keeps its effect. */
const faulty = setup({ actors: { task: externalPromise<string, void>("task") } }).createMachine({
  id: "link",
  initial: "trying",
  states: {
    trying: { invoke: { src: "task", onDone: "connected", onError: "forgotten" } },
    connected: { on: { "peer.lost": "trying" } },
    forgotten: {},
  },
});

test("a wait that nothing ends is found, with the way that leads there", () => {
  const around = { machine: faulty, input: {}, events: () => [{ type: "peer.lost" }], activities: {} };
  const bounds = { positions: 10, moves: 5, simpleWays: 0, random: seededRandom(1) };
  assert.throws(() => walk(around, bounds, judge("link")), /waits for nobody.*trying/s);
  const ends: string[] = [];
  walk(around, bounds, (stage, way) => void ends.push(`${way.length} ${stage.restingStates()}`));
  assert.ok(ends.includes("1 link.forgotten"));
});

describe("generated ways", () => {
  for (const { chart, surroundings, positions, moves } of plans) {
    test(`through ${chart} end, or wait for somebody on purpose, and let go of what they held`, () => {
      const random = seededRandom(7);
      const walks = surroundings.map(
        (around): Walk => walk(around, { positions, moves, simpleWays: 100, random }, judge(chart)),
      );
      const [first] = surroundings;
      const tables = first ? decisionTables(first.machine) : [];
      const states = tables.flatMap((table) => table.states.map(({ state }) => state));
      const missed = states.filter((state) => !walks.some((one) => one.states.has(state)));
      assert.deepEqual(missed, [], "no way leads there");
    });
  }
});
