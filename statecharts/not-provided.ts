// Marks what a chart only names: the effect is supplied from outside with `provide`. Running a chart without it is a
// mistake of the wiring, so it fails loudly rather than doing nothing.

import { fromCallback, fromPromise, type NonReducibleUnknown } from "xstate";

class NotProvidedError extends Error {
  override readonly name = "NotProvidedError";
}

function fail(what: string): never {
  throw new NotProvidedError(`the chart was started without an implementation of "${what}"`);
}

const external = new WeakSet<object>();

/** Whether an action of a chart is one that only the surroundings can supply. */
export function isExternal(action: unknown): boolean {
  return typeof action === "function" && external.has(action);
}

/** An action that the surroundings supply. `Params` is what the chart hands to it. */
export function externalAction<Params>(what: string): (args: unknown, params: Params) => void {
  const action = () => fail(what);
  external.add(action);
  return action;
}

/** A task with one outcome that the surroundings supply. */
export function externalPromise<Output, Input extends NonReducibleUnknown>(what: string) {
  return fromPromise<Output, Input>(() => fail(what));
}

/** A lasting activity, such as an open device, that the surroundings supply. */
export function externalActivity<Event extends { type: string }, Input extends NonReducibleUnknown>(
  what: string,
) {
  return fromCallback<Event, Input>(() => fail(what));
}
