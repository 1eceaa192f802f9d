// Sets of callbacks. An exception in one callback of the embedding page does not prevent the others from running.

export type Listener<T> = (value: T) => void;

export class Listeners<T> {
  readonly #all = new Set<Listener<T>>();

  add(listener: Listener<T>): void {
    this.#all.add(listener);
  }

  /** A listener that is added meanwhile does not run. */
  notify(value: T): void {
    for (const listener of [...this.#all]) callListener(listener, value);
  }
}

/** Calls a new listener at once with the last value. */
export class ReplayingListeners<T> extends Listeners<T> {
  last: T | undefined;

  override add(listener: Listener<T>): void {
    super.add(listener);
    if (this.last !== undefined) callListener(listener, this.last);
  }

  override notify(value: T): void {
    this.last = value;
    super.notify(value);
  }
}

/** Reports an exception to the console, as the browser does for an event handler of the page. */
export function callListener<T>(listener: Listener<T>, value: T): void {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}
