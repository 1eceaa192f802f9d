// Compares the stamps of the sound that was sent with the time. The stamps count blocks of 10 ms. Blocks of a microphone come late now
// and then, so the one that was least late in a while is the measure. When even that one comes later than before, blocks were lost.

const BLOCK_MS = 10;
/** A second of blocks. */
const WINDOW_BLOCKS = 100;
/** Clocks of sound cards are 20 to 300 ppm off. The measure follows by up to 1,000 ppm, in milliseconds for each window. */
const MAX_DRIFT_MS = 1;
/** On a busy machine all blocks of a second may be a little late. */
const LOST_MS = 20;

export class SoundStamps {
  /** Up to this moment the peer has our sound, by its stamps. */
  #untilMs = 0;
  /** How late the blocks of the microphone come at least; negative when the first one was late. */
  #leastMs = 0;
  #windowLeastMs = Number.POSITIVE_INFINITY;
  #windowBlocks = 0;
  /** In the first second. */
  #isLearning = true;
  #lostBlocks = 0;

  /** @param nowMs the stamps stand for this moment */
  restart(nowMs: number): void {
    this.#untilMs = nowMs;
    this.#leastMs = 0;
    this.#isLearning = true;
    this.#lostBlocks = 0;
    this.#beginWindow();
  }

  /** @returns milliseconds by which the stamps are behind this moment */
  behindMs(nowMs: number): number {
    return nowMs - this.#untilMs - this.#leastMs;
  }

  silentBlock(): void {
    this.#untilMs += BLOCK_MS;
  }

  /** @returns false when the stamps have passed this moment: the block must not be sent */
  microphoneBlock(nowMs: number): boolean {
    const lateMs = nowMs - this.#untilMs - BLOCK_MS;
    if (this.#isLearning) this.#leastMs = Math.min(this.#leastMs, lateMs);
    else if (lateMs < this.#leastMs - BLOCK_MS) return false;
    this.#untilMs += BLOCK_MS;
    this.#windowLeastMs = Math.min(this.#windowLeastMs, lateMs);
    this.#windowBlocks += 1;
    if (this.#windowBlocks === WINDOW_BLOCKS) this.#endWindow();
    return true;
  }

  /** @returns the blocks that were lost between the microphone and here, each once */
  takeLostBlocks(): number {
    const lost = this.#lostBlocks;
    this.#lostBlocks = 0;
    return lost;
  }

  #endWindow(): void {
    const changeMs = this.#windowLeastMs - this.#leastMs;
    if (!this.#isLearning && changeMs >= LOST_MS) this.#lostBlocks = Math.floor(changeMs / BLOCK_MS);
    else this.#leastMs += Math.max(-MAX_DRIFT_MS, Math.min(MAX_DRIFT_MS, changeMs));
    this.#isLearning = false;
    this.#beginWindow();
  }

  #beginWindow(): void {
    this.#windowLeastMs = Number.POSITIVE_INFINITY;
    this.#windowBlocks = 0;
  }
}
