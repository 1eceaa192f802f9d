// The changes of one value that the host has not answered. Until then the user's choice counts: a value that arrives in between may
// have been sent before the change.

export class UnansweredChanges {
  #count = 0;

  get exist(): boolean {
    return this.#count > 0;
  }

  /** Resolves or rejects as `answer` does. By then the change counts as answered. */
  async add<T>(answer: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await answer;
    } finally {
      this.#count -= 1;
    }
  }
}
