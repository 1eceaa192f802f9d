// What the viewer keeps for its pages [3.6, 5.2]: at most 200 messages a peer while none listens, all of which the first
// page that connects gets, whatever their age; and the pages that listen now.

import type { ServerResponse } from "node:http";
import type { Delivered } from "../goop-node.ts";
import { INBOX_MESSAGES } from "./wire.ts";

export class MqInbox {
  readonly #pages = new Set<ServerResponse>();
  readonly #kept = new Map<string, string[]>();

  /** Pages that listen. */
  get pages(): number {
    return this.#pages.size;
  }

  /** Messages kept for the next page. */
  get kept(): number {
    return [...this.#kept.values()].reduce((sum, lines) => sum + lines.length, 0);
  }

  /** Begins the stream of events on a response; ends with it. */
  listen(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    write(response, "connected", JSON.stringify({ status: "ok" }));
    for (const lines of this.#kept.values()) for (const line of lines) write(response, "message", line);
    this.#kept.clear();
    this.#pages.add(response);
    response.on("close", () => void this.#pages.delete(response));
  }

  /** A message for the page; `from` is left out for local ones. */
  push({ from, id, seq, topic, payload }: Delivered): void {
    const msg = { type: "msg", id, seq, topic, payload };
    this.#tell(JSON.stringify({ type: "message", msg, ...(from === undefined ? {} : { from }) }), from);
  }

  /** The far page has processed what this one sent. */
  pushDelivered(msgId: string): void {
    this.#tell(JSON.stringify({ type: "delivered", msg_id: msgId }), undefined);
  }

  /** Cuts every page's stream, as a suspended machine or a restart does. */
  drop(): void {
    for (const page of this.#pages) page.destroy();
    this.#pages.clear();
  }

  #tell(line: string, from: string | undefined): void {
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
