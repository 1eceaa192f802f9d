// A page's WebSocket without a browser. It sends requests to a host, and a test can await the messages from the host.

import { once } from "node:events";
import { WebSocket } from "ws";
import type { Host } from "../../../plugin/host/host.ts";
import type { HostState } from "../../../plugin/http/page-messages.ts";
import { type FrameMessage, isFrameLine, readFrameLine } from "../../../plugin/ui/link/frame-line-reader.ts";
import type {
  MethodName,
  ParamsInput,
  PluginNotificationName,
  PluginNotificationParams,
  Result,
} from "../../../rpc-schema/index.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

/** A received message. It is not validated here; the assertions of the tests check its parts. */
interface Message {
  id?: number | null;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: { name: string } };
  frame?: FrameMessage;
}
type Notifications = { [N in PluginNotificationName]: PluginNotificationParams<N> } & {
  "host.state": HostState;
};
type Fits = (message: Message) => boolean;

export interface TestSocket {
  request<M extends MethodName>(method: M, params: ParamsInput<M>): Promise<Result<M>>;
  /** Sends any method, also an unknown one. */
  requestRaw(method: string, params?: object): Promise<unknown>;
  notify(method: string, params: object): void;
  sendRaw(text: string): void;
  /** Removes and returns the first notification that fits, waiting for it if necessary. */
  notification<N extends keyof Notifications>(
    method: N,
    fits?: (params: Notifications[N]) => boolean,
  ): Promise<Notifications[N]>;
  /** @returns the code of an error response without an id */
  errorWithoutId(): Promise<number | undefined>;
  /** @returns the next frame, waiting for it if necessary */
  frame(): Promise<FrameMessage>;
  framesWaiting(): number;
  streamsSeen(): ReadonlySet<string>;
  close(): void;
}

export async function openSocket(host: Host): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/link`, ["goop-call.v1", `token.${host.token}`], {
    origin: `http://127.0.0.1:${host.port}`,
  });
  const messages = createMessageQueue();
  socket.on("message", (data) => messages.receive(String(data)));
  await once(socket, "open");
  let lastId = 0;
  const send = (message: object): void => socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const ask = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++lastId;
    send({ id, method, params });
    const { result, error } = await messages.take((message) => message.id === id);
    if (error) throw Object.assign(new Error(error.message), { code: error.code, kind: error.data?.name });
    return result;
  };
  return {
    requestRaw: ask,
    request: <M extends MethodName>(method: M, params: ParamsInput<M>) =>
      ask(method, params) as Promise<Result<M>>,
    notify: (method, params) => send({ method, params }),
    sendRaw: (text) => socket.send(text),
    async notification<N extends keyof Notifications>(
      method: N,
      fits: (params: Notifications[N]) => boolean = () => true,
    ) {
      const is: Fits = (message) => message.method === method && fits(message.params as Notifications[N]);
      return (await messages.take(is)).params as Notifications[N];
    },
    errorWithoutId: async () => (await messages.take((message) => message.id === null)).error?.code,
    async frame() {
      const { frame } = await messages.take((message) => message.frame !== undefined);
      if (!frame) throw new Error("the message has no frame");
      return frame;
    },
    framesWaiting: () => messages.count((message) => message.frame !== undefined),
    streamsSeen: () => messages.streams,
    close: () => socket.terminate(),
  };
}

function createMessageQueue() {
  const kept: Message[] = [];
  const waiting: { fits: Fits; resolve: (message: Message) => void }[] = [];
  const streams = new Set<string>();
  return {
    streams,
    receive(text: string): void {
      const frame = isFrameLine(text) ? readFrameLine(text) : undefined;
      if (frame) streams.add(frame.stream);
      const message: Message = frame ? { frame } : JSON.parse(text);
      const taker = waiting.findIndex(({ fits }) => fits(message));
      if (taker < 0) kept.push(message);
      else waiting.splice(taker, 1)[0]?.resolve(message);
    },
    count: (fits: Fits) => kept.filter(fits).length,
    take(fits: Fits): Promise<Message> {
      const at = kept.findIndex(fits);
      const [past] = at >= 0 ? kept.splice(at, 1) : [];
      if (past) return Promise.resolve(past);
      const wait = Promise.withResolvers<Message>();
      const timer = setTimeout(
        () =>
          wait.reject(
            new Error(`waited ${HANG_LIMIT_MS} ms for ${fits}; had ${JSON.stringify(kept).slice(0, 500)}`),
          ),
        HANG_LIMIT_MS,
      );
      waiting.push({ fits, resolve: wait.resolve });
      return wait.promise.finally(() => clearTimeout(timer));
    },
  };
}
