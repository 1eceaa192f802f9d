// A page's WebSocket without a page: sends requests to a host and lets a test await what comes.

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

/** A message as it came; the schemas say what its parts hold, and the assertions check it. */
interface Message {
  id?: number | null;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: { name: string } };
  picture?: FrameMessage;
}
type Notices = { [N in PluginNotificationName]: PluginNotificationParams<N> } & { "host.state": HostState };
type Fits = (message: Message) => boolean;

const WAIT_MS = 20_000;

export interface TestSocket {
  request<M extends MethodName>(method: M, params: ParamsInput<M>): Promise<Result<M>>;
  /** Any method, also one that there is not. */
  requestRaw(method: string, params?: object): Promise<unknown>;
  notify(method: string, params: object): void;
  sendRaw(text: string): void;
  /** The first notification, past or to come, that fits; it is taken out. */
  notification<N extends keyof Notices>(
    method: N,
    fits?: (params: Notices[N]) => boolean,
  ): Promise<Notices[N]>;
  /** The code of an error that answers no request of ours. */
  errorWithoutId(): Promise<number | undefined>;
  /** The next picture. */
  frame(): Promise<FrameMessage>;
  framesWaiting(): number;
  streamsSeen(): ReadonlySet<string>;
  close(): void;
}

export async function openSocket(host: Host): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/link`, ["goop-call.v1", `token.${host.token}`], {
    origin: `http://127.0.0.1:${host.port}`,
  });
  const inbox = createInbox();
  socket.on("message", (data) => inbox.receive(String(data)));
  await once(socket, "open");
  let lastId = 0;
  const send = (message: object): void => socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const ask = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++lastId;
    send({ id, method, params });
    const { result, error } = await inbox.take((message) => message.id === id);
    if (error) throw Object.assign(new Error(error.message), { code: error.code, kind: error.data?.name });
    return result;
  };
  return {
    requestRaw: ask,
    request: <M extends MethodName>(method: M, params: ParamsInput<M>) =>
      ask(method, params) as Promise<Result<M>>,
    notify: (method, params) => send({ method, params }),
    sendRaw: (text) => socket.send(text),
    async notification<N extends keyof Notices>(
      method: N,
      fits: (params: Notices[N]) => boolean = () => true,
    ) {
      const is: Fits = (message) => message.method === method && fits(message.params as Notices[N]);
      return (await inbox.take(is)).params as Notices[N];
    },
    errorWithoutId: async () => (await inbox.take((message) => message.id === null)).error?.code,
    async frame() {
      const { picture } = await inbox.take((message) => message.picture !== undefined);
      if (!picture) throw new Error("the inbox gave a message without a picture");
      return picture;
    },
    framesWaiting: () => inbox.count((message) => message.picture !== undefined),
    streamsSeen: () => inbox.streams,
    close: () => socket.terminate(),
  };
}

function createInbox() {
  const kept: Message[] = [];
  const waiting: { fits: Fits; resolve: (message: Message) => void }[] = [];
  const streams = new Set<string>();
  return {
    streams,
    receive(text: string): void {
      const picture = isFrameLine(text) ? readFrameLine(text) : undefined;
      if (picture) streams.add(picture.stream);
      const message: Message = picture ? { picture } : JSON.parse(text);
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
            new Error(`waited ${WAIT_MS} ms for ${fits}; had ${JSON.stringify(kept).slice(0, 500)}`),
          ),
        WAIT_MS,
      );
      waiting.push({ fits, resolve: wait.resolve });
      return wait.promise.finally(() => clearTimeout(timer));
    },
  };
}
