// Changes a page on its way to the browser: inserts a script at the start of its head, and replaces Goop²'s address, which its
// links contain. Works on bytes, so that the page's charset does not matter as long as it contains ASCII.

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
const HEAD = /<head(?:\s[^>]*)?>/i;
/** A tag or an address may be cut by the end of a chunk. */
const MAX_CUT = 512;

/** Holds back at most {@link MAX_BEFORE_HEAD} bytes. */
export class HtmlRewriter extends Transform {
  readonly #changes: HtmlChanges;
  readonly #origins: RegExp;
  #held = "";
  #isBeforeHead = true;

  constructor(changes: HtmlChanges) {
    super();
    this.#changes = changes;
    const alternatives = changes.origins.map((origin) => escapePattern(origin)).join("|");
    // A longer port is another address.
    this.#origins = new RegExp(`(?:${alternatives})(?!\\d)`, "gi");
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
    const head = HEAD.exec(this.#held);
    if (head) {
      const at = head.index + head[0].length;
      this.#held = this.#held.slice(0, at) + this.#changes.headStart + this.#held.slice(at);
    }
    this.#isBeforeHead = !head && this.#held.length < MAX_BEFORE_HEAD;
  }

  /** @param end the rest stays held, because more may belong to it */
  #send(end: number): void {
    const isLast = end === this.#held.length;
    const safeEnd = isLast ? end : this.#borderBefore(end);
    const text = this.#held.slice(0, safeEnd).replace(this.#origins, this.#changes.ownOrigin);
    this.#held = this.#held.slice(safeEnd);
    if (text !== "") this.push(Buffer.from(text, "latin1"));
  }

  /** Moves the border in front of an address that it would cut. */
  #borderBefore(end: number): number {
    for (const match of this.#held.matchAll(this.#origins)) {
      if (match.index < end && match.index + match[0].length >= end) return match.index;
    }
    return end;
  }
}

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
