// Declares the effects that a chart only names. plugin/calls supplies them with `provide`. A chart that runs without one fails
// with an error instead of doing nothing.

import { fromCallback, fromPromise, type NonReducibleUnknown } from "xstate";

class NotProvidedError extends Error {
  override readonly name = "NotProvidedError";
}

function fail(what: string): never {
  throw new NotProvidedError(`the chart was started without an implementation of "${what}"`);
}

const external = new WeakSet<object>();

/** @returns whether an action of a chart must be provided from outside */
export function isExternal(action: unknown): boolean {
  return typeof action === "function" && external.has(action);
}

/** Declares an action to be provided. `Params` are the parameters that the chart passes. */
export function externalAction<Params>(what: string): (args: unknown, params: Params) => void {
  const action = () => fail(what);
  external.add(action);
  return action;
}

/** Declares a task with one outcome to be provided. */
export function externalPromise<Output, Input extends NonReducibleUnknown>(what: string) {
  return fromPromise<Output, Input>(() => fail(what));
}

/** Declares an activity to be provided, such as an open device. */
export function externalActivity<Event extends { type: string }, Input extends NonReducibleUnknown>(
  what: string,
) {
  return fromCallback<Event, Input>(() => fail(what));
}
