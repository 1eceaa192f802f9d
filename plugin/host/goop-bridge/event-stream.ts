// Server-sent events (WHATWG HTML, section 9.2.6) from chunks of bytes, which may be cut anywhere. Knows no HTTP and not
// what an event means.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** A description is 256 Ki characters at most; beyond this it is no event of ours. */
export const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/** What comes is no stream of events, or one without end. */
export class EventStreamError extends Error {
  override readonly name = "EventStreamError";
}

export class EventStreamDecoder {
  readonly #text = new TextDecoder();
  #rest = "";
  #event = "";
  #data: string[] = [];
  #dataChars = 0;

  /** @throws EventStreamError when an event exceeds {@link MAX_EVENT_CHARS}; the decoder must not be used again */
  push(chunk: Uint8Array): ServerEvent[] {
    this.#rest += this.#text.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    for (let line = this.#nextLine(); line !== undefined; line = this.#nextLine()) this.#take(line, events);
    if (this.#rest.length + this.#dataChars > MAX_EVENT_CHARS) {
      throw new EventStreamError(`an event is longer than ${MAX_EVENT_CHARS} characters`);
    }
    return events;
  }

  /** A carriage return at the very end may be the first half of a line's end. */
  #nextLine(): string | undefined {
    const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
    if (!end) return undefined;
    const line = this.#rest.slice(0, end.index);
    this.#rest = this.#rest.slice(end.index + end[0].length);
    return line;
  }

  #take(line: string, events: ServerEvent[]): void {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (line === "") this.#dispatch(events);
    else if (field === "event") this.#event = value;
    else if (field === "data") {
      this.#data.push(value);
      this.#dataChars += value.length;
    }
  }

  #dispatch(events: ServerEvent[]): void {
    if (this.#data.length > 0) events.push({ event: this.#event || "message", data: this.#data.join("\n") });
    this.#event = "";
    this.#data = [];
    this.#dataChars = 0;
  }
}
