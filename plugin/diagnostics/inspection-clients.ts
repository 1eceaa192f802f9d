// Serves inspection clients over a WebSocket: JSON-RPC to the chart viewer, and the Stately inspector's protocol to its tools.
// Each client has its own subscription, and read-only access. The server authorises a client before it gets here.

import { WebSocket } from "ws";
import { type MethodName, methods, type Params, type Result, type Settings } from "../../rpc-schema/index.ts";
import { ALL_CHARTS } from "../../statecharts/all-charts.ts";
import { StatelyStream } from "../../statecharts/record/stately.ts";
import type { Log } from "../log.ts";
import { createNotifier } from "../rpc/notifier.ts";
import { type AnyHandler, createRequestServer } from "../rpc/request-server.ts";
import type { ChartFeed } from "./chart-feed.ts";
import { createChartSubscription } from "./chart-subscription.ts";

/** A client with this much unread data has stopped reading. One minute of any call is less. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

export interface Inspectable {
  readonly feed: ChartFeed;
  readonly log: Log;
  settings(): Pick<Settings, "debugging">;
  /** @throws RpcError */
  bundle(params: Params<"debug.bundle">): Promise<Result<"debug.bundle">>;
}

type InspectionMethod = "charts.list" | "charts.subscribe" | "charts.unsubscribe" | "debug.bundle";
type InspectionHandlers = { [M in InspectionMethod]: (params: Params<M>) => Promise<Result<M>> | Result<M> };

/** Serves the contract's read-only methods for charts. Any other method is answered as unknown. */
export function serveChartViewer(socket: WebSocket, { feed, log, settings, bundle }: Inspectable): void {
  const send = sender(socket);
  const charts = createChartSubscription({ feed, settings, notify: createNotifier(send, log) });
  const handlers: InspectionHandlers = {
    "charts.list": () => charts.list(),
    "charts.subscribe": () => charts.subscribe(),
    "charts.unsubscribe": () => {
      charts.unsubscribe();
      return null;
    },
    "debug.bundle": (params) => bundle(params),
  };
  const byName = new Map<string, AnyHandler>(
    Object.entries(handlers).map(([name, handler]) => [name, handler as AnyHandler]),
  );
  const served = Object.fromEntries([...byName.keys()].map((name) => [name, methods[name as MethodName]]));
  const server = createRequestServer({
    methods: served,
    notifications: {},
    handlerOf: (name) => byName.get(name),
    onResponse: () => log("debug", "the chart viewer sent a response, but there was no request"),
    send,
    log,
  });
  socket.on("message", (data) => server.receive(parse(String(data))));
  socket.on("error", (error) => log("debug", `connection of a chart viewer: ${error.message}`));
  socket.once("close", () => charts.unsubscribe());
}

/** Sends from the moment of the connection, and ignores what the client sends. */
export function serveStately(socket: WebSocket, { feed, log }: Inspectable): void {
  const send = sender(socket);
  const stream = new StatelyStream(ALL_CHARTS, feed.startedAt);
  const stop = feed.subscribe((entries) => {
    for (const entry of entries) {
      const message = stream.message(entry);
      if (message) send(JSON.stringify(message));
    }
  });
  socket.on("error", (error) => log("debug", `connection of a Stately inspector: ${error.message}`));
  socket.once("close", stop);
}

function sender(socket: WebSocket): (text: string) => void {
  return (text) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
    else socket.send(text);
  };
}

/** Invalid JSON becomes undefined, which is answered as an invalid request. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
