// Every pair of state and event is decided: the machine handles it, or refusals.ts has the reason of its refusal.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AnyStateMachine, createMachine } from "xstate";
import { ALL_CHARTS } from "../../statecharts/all-charts.ts";
import { refusalFor, toMarkdown } from "../../statecharts/describe/decision-table.ts";
import { type Decision, decisionTables } from "../../statecharts/describe/decisions.ts";
import { type Refusal, refusals } from "../../statecharts/refusals.ts";

const refusedIn = (machine: AnyStateMachine) =>
  decisionTables(machine).flatMap(({ states }) =>
    states.flatMap(({ state, decisions }) =>
      Object.entries(decisions).flatMap(([event, decision]) =>
        decision === "refused" ? [{ state, event }] : [],
      ),
    ),
  );

describe("the decisions of every chart", () => {
  for (const machine of ALL_CHARTS) {
    const list = refusals[machine.id] ?? [];

    test(`${machine.id} refuses nothing without a written reason`, () => {
      const unexplained = refusedIn(machine).filter(({ state, event }) => !refusalFor(list, state, event));
      assert.deepEqual(unexplained, []);
    });

    test(`${machine.id} has no reason for a handled event`, () => {
      const refused = refusedIn(machine);
      const isOf = (one: Refusal, wanted: string, state: string, event: string) =>
        refusalFor([{ ...one, states: [wanted], events: [event] }], state, event) !== undefined;
      const idle = list.flatMap((one) =>
        one.states.flatMap((wanted) =>
          one.events
            .filter(
              (event) =>
                !refused.some((pair) => pair.event === event && isOf(one, wanted, pair.state, event)),
            )
            .map((event) => `${wanted} ${event}`),
        ),
      );
      assert.deepEqual(idle, []);
    });

    test(`${machine.id} has one reason for each refusal`, () => {
      const twice = refusedIn(machine).filter(
        ({ state, event }) => list.filter((one) => refusalFor([one], state, event)).length > 1,
      );
      assert.deepEqual(twice, []);
    });
  }
});

const sample = createMachine({
  id: "sample",
  context: { seen: 0 },
  on: { "sample.note": { description: "Nothing to do" } },
  initial: "waiting",
  states: {
    waiting: { on: { "user.go": [{ guard: () => false, target: "passing" }] } },
    passing: { always: "working" },
    working: { initial: "idle", on: { "user.go": "waiting" }, states: { idle: {} } },
    over: { type: "final" },
  },
});

test("inherited transitions count, guards make them conditional, and transient states have no decisions", () => {
  const [table] = decisionTables(sample);
  const expected: Record<string, Record<string, Decision>> = {
    "sample.waiting": { "sample.note": "ignored", "user.go": "conditional" },
    "sample.working.idle": { "sample.note": "ignored", "user.go": "handled" },
  };
  assert.deepEqual(
    Object.fromEntries(table?.states.map(({ state, decisions }) => [state, { ...decisions }]) ?? []),
    expected,
  );
});

test("a refusal without a reason is marked in the table", () => {
  const table = {
    title: "sample",
    events: ["user.go", "user.stop"],
    states: [{ state: "sample.a", decisions: { "user.go": "refused", "user.stop": "refused" } as const }],
  };
  const text = toMarkdown(table, [{ events: ["user.go"], states: ["a"], kind: "harmless", why: "It goes" }]);
  assert.match(text, /\| user\.go \| a \|\n\| user\.stop \| \*\*\?\*\* \|/);
  assert.match(text, /^- a: It goes\.$/m);
});
