// A viewer's HTTP surface that does what a test says, right or wrong: the faults that a reference viewer has not.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwaitableQueue } from "../plugin/fake-plugin-executable.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedGoop {
  readonly url: URL;
  /** By path; a test replaces what it wants to be otherwise. */
  readonly answers: Record<string, Answer>;
  /** Every request as "METHOD path", each taken once. */
  readonly requests: AwaitableQueue<string>;
  /** What was posted to /api/mq/send. */
  readonly sent: AwaitableQueue<{ peer_id: string; topic: string; payload: Record<string, unknown> }>;
  /** Streams of events that were opened, the newest last; each has said `connected`. */
  readonly streams: AwaitableQueue<ServerResponse>;
  close(): Promise<void>;
}

export const GOOP_SELF = "12D3KooWViewerSe1fabcdef";

export const json =
  (body: unknown, status = 200): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

/** Takes the request and never answers. */
export const hang: Answer = () => undefined;

/** @param port of one that was closed before; 0 is a free one */
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

/** An event as the viewer writes a message of a peer. */
export function messageEvent(from: string | undefined, topic: string, payload: unknown, id?: string): string {
  lastId += 1;
  const msg = { type: "msg", id: id ?? `id-${lastId}`, seq: lastId, topic, payload };
  const data = JSON.stringify({ type: "message", msg, ...(from === undefined ? {} : { from }) });
  return `event: message\ndata: ${data}\n\n`;
}
