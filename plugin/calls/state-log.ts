// Logs every change of a chart's state for a reader of the log, while the setting `debugging` is on. The recording that
// can be replayed is made in diagnostics/.

import type { AnyActorRef } from "xstate";
import type { Log } from "../log.ts";

/**
 * Logs for as long as the charts live.
 * @param name of the root actor, for which xstate generates an id
 * @param isEnabled read at every change
 */
export function logStates(name: string, root: AnyActorRef, log: Log, isEnabled: () => boolean): void {
  const last = new WeakMap<object, string>();
  root.system.inspect((event) => {
    if (event.type !== "@xstate.snapshot" || !isEnabled()) return;
    const state = stateOf(event.snapshot);
    if (state === null || last.get(event.actorRef) === state) return;
    const ref = event.actorRef as AnyActorRef;
    log("debug", `${ref === root ? name : nameOf(ref)}: ${last.get(ref) ?? "?"} → ${state}`);
    last.set(event.actorRef, state);
  });
}

/** Null for an actor that is not a chart, such as a promise or a callback. */
function stateOf(snapshot: unknown): string | null {
  if (typeof snapshot !== "object" || snapshot === null || !("value" in snapshot)) return null;
  return typeof snapshot.value === "string"
    ? snapshot.value
    : JSON.stringify(snapshot.value).replaceAll('"', "");
}

/** The charts of a call have the same ids in every call, so the id of the call precedes them. */
function nameOf(ref: AnyActorRef): string {
  const parent: AnyActorRef | undefined = ref._parent;
  return parent === undefined || parent._parent === undefined ? ref.id : `${parent.id} ${ref.id}`;
}
