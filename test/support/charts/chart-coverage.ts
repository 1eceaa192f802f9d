// Loaded before a test file. It records the states and transitions that the file's tests reach in any machine, and writes a
// list of them. It must not change the behaviour of a chart.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { type AnyActorScope, type InspectionEvent, StateMachine } from "xstate";
import { takenOf } from "../../../statecharts/record/recorder.ts";

const folder = process.env.GOOP_CHART_COVERAGE;
const reached = new Set<string>();
const watched = new WeakSet<object>();

function note(event: InspectionEvent): void {
  if (event.type !== "@xstate.microstep") return;
  const { snapshot, _transitions } = event;
  if ("_nodes" in snapshot && Array.isArray(snapshot._nodes)) {
    for (const { id } of snapshot._nodes) reached.add(`state ${id}`);
  }
  for (const transition of _transitions) {
    const { from, on, index } = takenOf(transition);
    reached.add(`transition ${from} ${on} ${index}`);
    // A snapshot does not contain a state that is left within the same step.
    reached.add(`state ${from}`);
  }
}

function watch({ system }: AnyActorScope): void {
  if (watched.has(system)) return;
  watched.add(system);
  system.inspect(note);
}

if (folder !== undefined) {
  // This event precedes every step of a machine.
  const { getInitialSnapshot, restoreSnapshot } = StateMachine.prototype;
  StateMachine.prototype.getInitialSnapshot = function (scope, ...rest) {
    watch(scope);
    return getInitialSnapshot.call(this, scope, ...rest);
  };
  StateMachine.prototype.restoreSnapshot = function (snapshot, scope, ...rest) {
    watch(scope);
    return restoreSnapshot.call(this, snapshot, scope, ...rest);
  };
  process.on("exit", () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${process.pid}-${threadId}.json`), JSON.stringify([...reached].sort()));
  });
}
