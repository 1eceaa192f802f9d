// Passes captured blocks only while the server's own report shows an acceptable source behind them. When a source goes, a server
// connects the stream to another one, which may be a monitor: the sound of this computer. It reports that before the
// first block comes, so blocks wait here until the next report shows their source.

import type { ServerChange, ServerState, ServerStream } from "../../../native/sound-server.ts";
import { MAX_WAITING_BLOCKS } from "../playback/newest-blocks.ts";

export class StreamGate {
  readonly #token: string;
  readonly #isAccepted: (sourceIndex: number, state: ServerState) => boolean;
  #stream: ServerStream | null = null;
  #isOpen = false;
  /** The report must include this change. */
  #needed = 0;
  #held: Int16Array[] = [];

  /** @param token identifies the stream among the server's */
  constructor(token: string, isAccepted: (sourceIndex: number, state: ServerState) => boolean) {
    this.#token = token;
    this.#isAccepted = isAccepted;
  }

  /** The stream as the server last reported it. */
  get stream(): ServerStream | null {
    return this.#stream;
  }

  /** @returns the block if it may pass; otherwise it waits */
  pass(block: Int16Array): Int16Array[] {
    if (this.#isOpen) return [block];
    this.#held.push(block);
    // A report takes a few milliseconds. Older blocks would only delay later ones.
    if (this.#held.length > MAX_WAITING_BLOCKS) this.#held.shift();
    return [];
  }

  /** Closes the gate if the change may be one of the stream's source. */
  onChange({ what, how, index, number }: ServerChange): void {
    const stream = this.#stream;
    if (stream === null) return;
    const concernsStream = what === "recording" && index === stream.index;
    const endsSource = what === "source" && how === "remove" && index === stream.device;
    if (!concernsStream && !endsSource) return;
    this.#isOpen = false;
    this.#needed = number;
  }

  /** @returns the held blocks, if the state shows that they may pass */
  onState(state: ServerState | null): Int16Array[] {
    if (state === null) {
      this.#isOpen = false;
      this.#stream = null;
      this.#needed = 0;
      return [];
    }
    if (state.through < this.#needed) return [];
    const stream = state.streams.find((one) => !one.isPlayback && one.token === this.#token);
    this.#stream = stream ?? null;
    const wasOpen = this.#isOpen;
    this.#isOpen = stream !== undefined && this.#isAccepted(stream.device, state);
    const held = this.#held;
    this.#held = [];
    return this.#isOpen && !wasOpen ? held : [];
  }
}
