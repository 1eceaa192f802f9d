// What is said to those who watch over a WebSocket: JSON-RPC to the viewer, the Stately inspector's messages to its tools.
// Each watcher follows the charts for itself and can only look; who may connect is decided before.

import { WebSocket } from "ws";
import { type MethodName, methods, type Params, type Result, type Settings } from "../../rpc-schema/index.ts";
import { StatelyStream } from "../../statecharts/index.ts";
import type { Log } from "../log.ts";
import { createNotifier } from "../rpc/notifier.ts";
import { type AnyHandler, createRequestServer } from "../rpc/request-server.ts";
import type { ChartFeed } from "./chart-feed.ts";
import { ALL_CHARTS, createChartSubscription } from "./chart-subscription.ts";

/** A page with this much unread has stopped; a minute of the wildest call is less. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

export interface Inspectable {
  readonly feed: ChartFeed;
  readonly log: Log;
  settings(): Pick<Settings, "debugging">;
  /** @throws RpcError */
  bundle(params: Params<"debug.bundle">): Promise<Result<"debug.bundle">>;
}

type Watching = "charts.list" | "charts.subscribe" | "charts.unsubscribe" | "debug.bundle";
type WatchHandlers = { [M in Watching]: (params: Params<M>) => Promise<Result<M>> | Result<M> };

/** Serves the contract's methods that only look; any other is answered as one that does not exist. */
export function serveViewer(socket: WebSocket, { feed, log, settings, bundle }: Inspectable): void {
  const send = sender(socket);
  const charts = createChartSubscription({ feed, settings, notify: createNotifier(send, log) });
  const handlers: WatchHandlers = {
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
    onResponse: () => log("debug", "a viewer answered, but was asked nothing"),
    send,
    log,
  });
  socket.on("message", (data) => server.receive(parse(String(data))));
  socket.on("error", (error) => log("debug", `a viewer's connection: ${error.message}`));
  socket.once("close", () => charts.unsubscribe());
}

/** Tells from the moment it connects; what it says is not listened to. */
export function serveStately(socket: WebSocket, { feed, log }: Inspectable): void {
  const send = sender(socket);
  const stream = new StatelyStream(ALL_CHARTS, feed.startedAt);
  const stop = feed.watch((entries) => {
    for (const entry of entries) {
      const message = stream.message(entry);
      if (message) send(JSON.stringify(message));
    }
  });
  socket.on("error", (error) => log("debug", `an inspector's connection: ${error.message}`));
  socket.once("close", stop);
}

function sender(socket: WebSocket): (text: string) => void {
  return (text) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
    else socket.send(text);
  };
}

/** What is no JSON becomes what is no request, and is answered so. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
