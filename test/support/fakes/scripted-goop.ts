// Goop²'s HTTP API with scripted answers, to test faults that the reference in goop-peer/goop does not have.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwaitableQueue } from "../../../plugin/host/conformance/awaitable-queue.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedGoop {
  readonly url: URL;
  /** By path. A test replaces the answers it needs to change. */
  readonly answers: Record<string, Answer>;
  /** Every request as "METHOD path". A test takes each once. */
  readonly requests: AwaitableQueue<string>;
  /** The bodies of POST /api/mq/send. */
  readonly sent: AwaitableQueue<{ peer_id: string; topic: string; payload: Record<string, unknown> }>;
  /** Event streams, the newest last. Each has sent `connected`. */
  readonly streams: AwaitableQueue<ServerResponse>;
  close(): Promise<void>;
}

export const GOOP_SELF = "12D3KooWGoopSe1fabcdef11";

export const json =
  (body: unknown, status = 200): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

/** Takes the request and never answers. */
export const hang: Answer = () => undefined;

/** @param port 0 takes a free one; the port of a closed one simulates a restart */
export async function startScriptedGoop(port = 0): Promise<ScriptedGoop> {
  const [requests, streams] = [new AwaitableQueue<string>(), new AwaitableQueue<ServerResponse>()];
  const sent: ScriptedGoop["sent"] = new AwaitableQueue();
  const answers: Record<string, Answer> = {
    "/api/self": json({ id: GOOP_SELF, label: "Victor", email: "", avatar_hash: "" }),
    "/api/peers": json([]),
    "/api/settings/quick/get": json({ label: "Victor", video_disabled: false }),
    "/api/mq/events"(_, response) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: connected\ndata: {"status":"ok"}\n\n');
      streams.add(response);
    },
    async "/api/mq/send"(request, response) {
      let text = "";
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
      sent.add(JSON.parse(text));
      json({ msg_id: "x", status: "delivered" })(request, response);
    },
  };
  const server = createServer((request, response) => {
    requests.add(`${request.method} ${request.url}`);
    const answer = answers[request.url ?? ""] ?? json("404 page not found", 404);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    url: new URL(`http://127.0.0.1:${bound}`),
    answers,
    requests,
    sent,
    streams,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

let lastId = 0;

/** The event for a peer's message, as Goop² writes it. */
export function messageEvent(from: string | undefined, topic: string, payload: unknown, id?: string): string {
  lastId += 1;
  const msg = { type: "msg", id: id ?? `id-${lastId}`, seq: lastId, topic, payload };
  const data = JSON.stringify({ type: "message", msg, ...(from === undefined ? {} : { from }) });
  return `event: message\ndata: ${data}\n\n`;
}
