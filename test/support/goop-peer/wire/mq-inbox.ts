// The event streams of Goop²'s pages, and the messages kept while no page listens [3.6, 5.2]: at most 200 per peer, of any age,
// for the first page that connects.

import type { ServerResponse } from "node:http";
import type { Delivered } from "../goop-node.ts";
import { INBOX_MESSAGES } from "./wire.ts";

export class MqInbox {
  readonly #pages = new Set<ServerResponse>();
  readonly #kept = new Map<string, string[]>();

  /** Number of pages that listen. */
  get pages(): number {
    return this.#pages.size;
  }

  /** Number of messages kept for the next page. */
  get kept(): number {
    return [...this.#kept.values()].reduce((sum, lines) => sum + lines.length, 0);
  }

  /** Starts an event stream on the response. */
  listen(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    write(response, "connected", JSON.stringify({ status: "ok" }));
    for (const lines of this.#kept.values()) for (const line of lines) write(response, "message", line);
    this.#kept.clear();
    this.#pages.add(response);
    response.on("close", () => void this.#pages.delete(response));
  }

  /** Sends a message to the pages. A local one has no `from`. */
  push({ from, id, seq, topic, payload }: Delivered): void {
    const msg = { type: "msg", id, seq, topic, payload };
    this.#send(JSON.stringify({ type: "message", msg, ...(from === undefined ? {} : { from }) }), from);
  }

  /** The remote page has processed a message of this one. */
  pushDelivered(msgId: string): void {
    this.#send(JSON.stringify({ type: "delivered", msg_id: msgId }), undefined);
  }

  /** Cuts every event stream, as a suspended machine or a restart does. */
  drop(): void {
    for (const page of this.#pages) page.destroy();
    this.#pages.clear();
  }

  #send(line: string, from: string | undefined): void {
    for (const page of this.#pages) write(page, "message", line);
    if (this.#pages.size > 0 || from === undefined) return;
    const lines = this.#kept.get(from) ?? [];
    lines.push(line);
    this.#kept.set(from, lines.slice(-INBOX_MESSAGES));
  }
}

function write(response: ServerResponse, event: string, data: string): void {
  response.write(`event: ${event}\ndata: ${data}\n\n`);
}
