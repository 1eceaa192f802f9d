// Decodes server-sent events (WHATWG HTML, section 9.2.6) from chunks of bytes, which may be cut anywhere.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** A session description has at most 256 Ki characters, so a longer event is not a call message. */
export const MAX_EVENT_CHARS = 4 * 1024 * 1024;

const LINE_END = /\r\n|\n|\r/;

/** The stream does not consist of events, or an event does not end. */
export class EventStreamError extends Error {
  override readonly name = "EventStreamError";
}

export class EventStreamDecoder {
  readonly #decoder = new TextDecoder();
  /** The beginning of a line. Joined once, when the line is complete. */
  #begun: string[] = [];
  #begunChars = 0;
  /** A carriage return at the very end may be the first half of a CRLF. */
  #heldReturn = "";
  #event = "";
  #data: string[] = [];
  #dataChars = 0;

  /** @throws EventStreamError when an event exceeds {@link MAX_EVENT_CHARS}; the decoder must not be used again */
  push(chunk: Uint8Array): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#heldReturn + this.#decoder.decode(chunk, { stream: true });
    this.#heldReturn = text.endsWith("\r") ? "\r" : "";
    const [first = "", ...others] = text.slice(0, text.length - this.#heldReturn.length).split(LINE_END);
    this.#begin(first);
    for (const part of others) {
      this.#readLine(this.#takeLine(), events);
      this.#begin(part);
    }
    if (this.#begunChars + this.#dataChars > MAX_EVENT_CHARS) {
      throw new EventStreamError(`an event is longer than ${MAX_EVENT_CHARS} characters`);
    }
    return events;
  }

  #begin(part: string): void {
    if (part !== "") this.#begun.push(part);
    this.#begunChars += part.length;
  }

  #takeLine(): string {
    const line = this.#begun.join("");
    this.#begun = [];
    this.#begunChars = 0;
    return line;
  }

  #readLine(line: string, events: ServerEvent[]): void {
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
