// The table of methods and phases in rpc-schema/methods/call-phases.ts agrees with the chart of a call.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type CallPhase,
  callPhaseSchema,
  type Direction,
  type FittingPhases,
  fittingPhases,
  type StateDescription,
} from "../../rpc-schema/index.ts";
import { callMachine, describeChart } from "../../statecharts/index.ts";

/** The chart's event for each method that it decides. */
const EVENTS = {
  "call.accept": ["user.accept"],
  "call.reject": ["user.reject"],
  "call.hangup": ["user.hangup"],
  "call.setMicrophone": ["user.setMicrophone"],
  "call.setCamera": ["user.setCamera"],
  "call.useDevice": ["user.useCamera", "user.useMicrophone", "user.useSpeaker"],
} as const;

/** The only state in which this side's user decides; all other states before the accept are those of a caller. */
const INCOMING = "ringingIn";

interface State {
  readonly phase: CallPhase;
  readonly direction: Direction | "both";
  /** Those that the state or one of its parents handles. */
  readonly events: ReadonlySet<string>;
}

function statesOf(state: StateDescription, inherited: readonly string[]): State[] {
  const events = [...inherited, ...state.transitions.map(({ on }) => on)];
  const phases = state.tags
    .map((tag) => callPhaseSchema.safeParse(tag).data)
    .filter((one) => one !== undefined);
  const isAccepted = state.id.includes(".active.");
  const direction = isAccepted ? "both" : state.key === INCOMING ? "incoming" : "outgoing";
  return [
    ...phases.map((phase) => ({ phase, direction, events: new Set(events) }) as const),
    ...state.states.flatMap((inner) => statesOf(inner, events)),
  ];
}

describe("the phases in which a method fits", () => {
  const states = statesOf(describeChart(callMachine).root, []).filter(({ phase }) => phase !== "ended");

  test("are looked up in a chart that has a state for every phase", () => {
    const phases = new Set(states.map(({ phase }) => phase));
    assert.deepEqual([...callPhaseSchema.options].sort(), [...phases, "ended"].sort());
  });

  for (const [method, events] of Object.entries(EVENTS)) {
    test(`are those in which the chart handles ${events.join(", ")}, for ${method}`, () => {
      const fitting: FittingPhases = fittingPhases[method as keyof typeof EVENTS];
      for (const { phase, direction, events: handled } of states) {
        const isFitting = fitting.phases.includes(phase) && fits(fitting, direction);
        for (const event of events) {
          assert.equal(handled.has(event), isFitting, `${event} in ${phase}, ${direction}`);
        }
      }
    });
  }
});

function fits({ direction }: FittingPhases, found: Direction | "both"): boolean {
  return direction === undefined || found === "both" || direction === found;
}
