// Callbacks of one kind. A host's callback that throws must not keep the others from being told. Knows no call.

export type Listener<T> = (value: T) => void;

/** Tells each that is there at the time. */
export class Listeners<T> {
  readonly #all = new Set<Listener<T>>();

  add(listener: Listener<T>): void {
    this.#all.add(listener);
  }

  tell(value: T): void {
    for (const listener of [...this.#all]) call(listener, value);
  }
}

/** Tells also those that come later, with the last value. */
export class ReplayingListeners<T> extends Listeners<T> {
  last: T | undefined;

  override add(listener: Listener<T>): void {
    super.add(listener);
    if (this.last !== undefined) call(listener, this.last);
  }

  override tell(value: T): void {
    this.last = value;
    super.tell(value);
  }
}

/** The error reaches the console, as if the page's own event handler had thrown it. */
export function call<T>(listener: Listener<T>, value: T): void {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}
