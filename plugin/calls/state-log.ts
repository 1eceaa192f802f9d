// Writes every change of a chart's state into the log, while somebody debugs. A log line for people; the recording that
// can be played again is made elsewhere.

import type { AnyActorRef } from "xstate";
import type { Log } from "../log.ts";

/**
 * For as long as the charts live; costs a look at the setting while it is off.
 * @param name of the root, whose own id xstate made up
 */
export function logStates(name: string, root: AnyActorRef, log: Log, isWanted: () => boolean): void {
  const last = new WeakMap<object, string>();
  root.system.inspect((event) => {
    if (event.type !== "@xstate.snapshot" || !isWanted()) return;
    const state = stateOf(event.snapshot);
    if (state === null || last.get(event.actorRef) === state) return;
    const ref = event.actorRef as AnyActorRef;
    log("debug", `${ref === root ? name : nameOf(ref)}: ${last.get(ref) ?? "?"} → ${state}`);
    last.set(event.actorRef, state);
  });
}

/** Null for what is no chart: a promise, an activity. */
function stateOf(snapshot: unknown): string | null {
  if (typeof snapshot !== "object" || snapshot === null || !("value" in snapshot)) return null;
  return typeof snapshot.value === "string"
    ? snapshot.value
    : JSON.stringify(snapshot.value).replaceAll('"', "");
}

/** The parts of a call are called alike in every call, so the call's own name goes before. */
function nameOf(ref: AnyActorRef): string {
  const parent: AnyActorRef | undefined = ref._parent;
  return parent === undefined || parent._parent === undefined ? ref.id : `${parent.id} ${ref.id}`;
}
