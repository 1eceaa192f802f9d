// Generated paths through every chart: all shortest paths with every move and fault after them, and random simple paths. At the end
// of each path, without further events, the chart must end, or rest in a state that may last.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setup } from "xstate";
import { decisionTables } from "../../statecharts/describe/decisions.ts";
import { PEER_KINDS } from "../../statecharts/link/peer-kinds.ts";
import { externalPromise } from "../../statecharts/not-provided.ts";
import { seededRandom } from "../support/process/seeded-random.ts";
import type { ChartEnvironment, ChartStage } from "./support/chart-stage.ts";
import {
  adaptOf,
  attachLife,
  callOf,
  linkOf,
  linkThatOffersVideo,
  managerWith,
  mediaOf,
  mediaThatSharesScreen,
  previewOf,
} from "./support/environment.ts";
import { type Exploration, explore } from "./support/explore-chart.ts";

const ENDS = /^(user\.(hangup|reject)|signal\.hangup|manager\.(end|close)|host\.(exit|gone)) /;

/** The states that may last for ever, and who can end them. Every other state needs a delay or an outcome that ends it. */
const LASTING_STATES: Record<string, RegExp> = {
  // Ended by the host.
  attach: /^attach\.(awaitingInitialize|initialized|running|stopped)$/,
  // Ended by the users or a caller; a call may last only while it is connected.
  callManager: /^(callManager\.(open|disabled)|call\.active\.connected|link\.connected)$/,
  call: /^(call\.active\.connected|link\.connected)$/,
  link: /^link\.connected$/,
  // Ended by the user and the devices; opening a device has a deadline outside the chart.
  media:
    /^media\.(camera\.(off|withheld|open\.opening|open\.live|lost)|microphone\.(open\.\w+|lost)|speaker\.(open\.\w+|lost)|screen\.(off|sharing\.\w+))$/,
  // Ended by the user and the devices; playing a sound ends with the sound.
  preview: /^preview\.(camera\.(off|open\.\w+|lost)|microphone\.(off|open\.\w+|lost)|sound\.quiet)$/,
  // Ended by the next measurements.
  adapt: /^adapt\.\w+\.(steady|strained|easing)$/,
};
/** Child charts of a call, which end with it. */
const FOLLOWS = /^(media|adapt)\b/;

interface Plan {
  readonly chart: string;
  readonly environments: readonly ChartEnvironment[];
  readonly positions: number;
  readonly moves: number;
}

const plans: Plan[] = [
  { chart: "attach", environments: [attachLife], positions: 100, moves: 8 },
  {
    chart: "link",
    environments: [
      linkThatOffersVideo,
      ...PEER_KINDS.flatMap((peerKind) => [
        linkOf({ role: "offerer", peerKind, isResumed: false }),
        linkOf({ role: "answerer", peerKind, isResumed: false }),
        linkOf({ role: "answerer", peerKind, isResumed: true }),
      ]),
    ],
    positions: 100,
    moves: 12,
  },
  {
    chart: "call",
    environments: [
      callOf({ direction: "outgoing", peerKind: "native" }),
      callOf({ direction: "incoming", peerKind: "plugin" }),
      callOf({ direction: "incoming", peerKind: "browser", isWaiting: true }),
    ],
    positions: 60,
    moves: 10,
  },
  {
    chart: "callManager",
    environments: [managerWith("alice"), managerWith("carol")],
    positions: 60,
    moves: 10,
  },
  {
    chart: "media",
    environments: [mediaOf({ media: "video" }), mediaThatSharesScreen],
    positions: 150,
    moves: 8,
  },
  {
    chart: "preview",
    environments: [
      previewOf({ camera: true, microphone: true }),
      previewOf({ camera: false, microphone: false }),
    ],
    positions: 60,
    moves: 6,
  },
  { chart: "adapt", environments: [adaptOf("sending"), adaptOf("showing")], positions: 100, moves: 30 },
];

function checkOf(chart: string) {
  const lasting = LASTING_STATES[chart] ?? assert.fail(chart);
  return (stage: ChartStage, path: readonly string[]) => {
    const hint = () => `${path.join("\n")}\n→ ${stage.position()}`;
    assert.equal(stage.failure, null, hint());
    if (stage.isOver) {
      assert.deepEqual(stage.held, [], `still held after\n${hint()}`);
      assert.equal(stage.clock.waiting, 0, `a timer still runs after\n${hint()}`);
      return;
    }
    assert.equal(stage.clock.waiting, 0, `a timer never ends after\n${hint()}`);
    const stuck = stage
      .restingStates()
      .filter((id) => !lasting.test(id) && (id.startsWith(chart) || !FOLLOWS.test(id)));
    assert.deepEqual(stuck, [], `is stuck after\n${hint()}`);
    if (chart === "call" && ENDS.test(path.at(-1) ?? "")) assertHasNoEffect(stage, path);
  };
}

function assertHasNoEffect(stage: ChartStage, path: readonly string[]): void {
  const ending = path.at(-1) ?? "";
  // A second click in a call has no effect.
  assert.match(ending, /^user\.reject /, `${path.join("\n")}\ndoes not end the call: ${stage.position()}`);
}

/** A faulty chart with a state that nothing ends, reached by two moves. */
const faulty = setup({ actors: { task: externalPromise<string, void>("task") } }).createMachine({
  id: "link",
  initial: "trying",
  states: {
    trying: { invoke: { src: "task", onDone: "connected", onError: "forgotten" } },
    connected: { on: { "peer.lost": "trying" } },
    forgotten: {},
  },
});

test("a state that nothing ends is found, with the path that leads there", () => {
  const environment = { machine: faulty, input: {}, events: () => [{ type: "peer.lost" }], activities: {} };
  const bounds = { positions: 10, moves: 5, simplePaths: 0, random: seededRandom(1) };
  assert.throws(() => explore(environment, bounds, checkOf("link")), /is stuck.*trying/s);
  const ends: string[] = [];
  explore(environment, bounds, (stage, path) => void ends.push(`${path.length} ${stage.restingStates()}`));
  assert.ok(ends.includes("1 link.forgotten"));
});

describe("generated paths", () => {
  for (const { chart, environments, positions, moves } of plans) {
    test(`through ${chart} end or rest in a lasting state, and release all effects`, () => {
      const random = seededRandom(7);
      const walks = environments.map(
        (environment): Exploration =>
          explore(environment, { positions, moves, simplePaths: 100, random }, checkOf(chart)),
      );
      const [first] = environments;
      const tables = first ? decisionTables(first.machine) : [];
      const states = tables.flatMap((table) => table.states.map(({ state }) => state));
      const missed = states.filter((state) => !walks.some((one) => one.states.has(state)));
      assert.deepEqual(missed, [], "no path leads there");
    });
  }
});
