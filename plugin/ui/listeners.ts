// Callbacks of one kind. A host's callback that throws must not keep the others from being told. Knows no call.

export type Listener<T> = (value: T) => void;

/** Tells each that is there at the time. */
export class Listeners<T> {
  readonly #all = new Set<Listener<T>>();

  add(listener: Listener<T>): void {
    this.#all.add(listener);
  }

  notify(value: T): void {
    for (const listener of [...this.#all]) callListener(listener, value);
  }
}

/** Tells also those that come later, with the last value. */
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

/** The error reaches the console, as if the page's own event handler had thrown it. */
export function callListener<T>(listener: Listener<T>, value: T): void {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}
