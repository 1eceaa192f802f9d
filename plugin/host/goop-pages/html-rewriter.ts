// Changes a page on its way to the browser: inserts a script at the start of its head, and replaces Goop²'s address, which its
// links contain. Works on bytes, so that the page's charset does not matter as long as it contains ASCII. A page can hold text
// of peers, so each byte is searched a bounded number of times.

import { Transform, type TransformCallback } from "node:stream";

export interface HtmlChanges {
  /** Inserted after `<head>`. A page without a head gets none, because it is a part of a page. */
  readonly headStart: string;
  /** Origins of Goop², such as `http://127.0.0.1:8080`. */
  readonly origins: readonly string[];
  /** Replaces each of them. */
  readonly ownOrigin: string;
}

/** A head that has not begun after so many bytes does not come. */
const MAX_BEFORE_HEAD = 64 * 1024;
const HEAD = "<head";
const SCHEME = "http://";
/** An address may be cut by the end of a chunk. */
const MAX_CUT = 512;

/** Holds back at most {@link MAX_BEFORE_HEAD} bytes and one chunk. */
export class HtmlRewriter extends Transform {
  readonly #changes: HtmlChanges;
  #held = "";
  #isBeforeHead = true;
  /** No head begins before it. */
  #searchFrom = 0;

  constructor(changes: HtmlChanges) {
    super();
    this.#changes = changes;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#held += chunk.toString("latin1");
    if (this.#isBeforeHead) this.#insert();
    if (!this.#isBeforeHead) this.#send(Math.max(0, this.#held.length - MAX_CUT));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#send(this.#held.length);
    done();
  }

  #insert(): void {
    const end = this.#endOfHeadTag();
    if (end !== undefined) {
      this.#held = this.#held.slice(0, end) + this.#changes.headStart + this.#held.slice(end);
    }
    this.#isBeforeHead = end === undefined && this.#held.length < MAX_BEFORE_HEAD;
  }

  /** Passes over `<header>`. @returns undefined when the tag is not there, or not complete */
  #endOfHeadTag(): number | undefined {
    for (;;) {
      const start = this.#held.slice(this.#searchFrom).toLowerCase().indexOf(HEAD);
      if (start < 0) {
        this.#searchFrom = Math.max(0, this.#held.length - HEAD.length);
        return undefined;
      }
      this.#searchFrom += start;
      const next = this.#held[this.#searchFrom + HEAD.length];
      if (next === undefined) return undefined;
      if (next === ">" || next.trim() === "") break;
      this.#searchFrom += HEAD.length;
    }
    const end = this.#held.indexOf(">", this.#searchFrom);
    return end < 0 ? undefined : end + 1;
  }

  /** @param end the rest stays held, because more may belong to it */
  #send(end: number): void {
    const safeEnd = end === this.#held.length ? end : this.#borderBefore(end);
    const text = this.#replaceOrigins(this.#held.slice(0, safeEnd));
    this.#held = this.#held.slice(safeEnd);
    if (text !== "") this.push(Buffer.from(text, "latin1"));
  }

  #replaceOrigins(text: string): string {
    let [replaced, from] = ["", 0];
    for (let at = text.indexOf(SCHEME); at >= 0; at = text.indexOf(SCHEME, at + 1)) {
      const length = this.#originAt(text, at);
      if (length === 0) continue;
      replaced += text.slice(from, at) + this.#changes.ownOrigin;
      from = at + length;
    }
    return replaced + text.slice(from);
  }

  /** @returns the length of the address that begins here, or 0. A longer port is another address. */
  #originAt(text: string, at: number): number {
    const origin = this.#changes.origins.find((one) => text.startsWith(one, at));
    const next = origin === undefined ? "" : (text[at + origin.length] ?? "");
    return origin === undefined || (next >= "0" && next <= "9") ? 0 : origin.length;
  }

  /** Moves the border in front of an address that it would cut, also between a port and its last digit. */
  #borderBefore(end: number): number {
    const at = end === 0 ? -1 : this.#held.lastIndexOf(SCHEME, end - 1);
    return at >= 0 && at + this.#originAt(this.#held, at) >= end ? at : end;
  }
}
