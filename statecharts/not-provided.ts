// Marks what a chart only names: the effect is supplied from outside with `provide`. Running a chart without it is a
// mistake of the wiring, so it fails loudly rather than doing nothing.

import { fromCallback, fromPromise, type NonReducibleUnknown } from "xstate";

class NotProvidedError extends Error {
  override readonly name = "NotProvidedError";
}

function fail(what: string): never {
  throw new NotProvidedError(`the chart was started without an implementation of "${what}"`);
}

/** An action that the surroundings supply. `Params` is what the chart hands to it. */
export function externalAction<Params>(what: string): (args: unknown, params: Params) => void {
  return () => fail(what);
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
