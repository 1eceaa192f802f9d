// Delivers a message to the real end of the link that receives such messages, and returns what came through.

import { PassThrough } from "node:stream";
import { connectPlugin } from "../../../plugin/rpc/host-link.ts";
import { createPluginEnd } from "../../../plugin/rpc/serve.ts";
import {
  hostNotifications,
  type MethodName,
  methods,
  type PluginNotificationName,
  pluginNotifications,
  RpcError,
} from "../../../rpc-schema/index.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";
import type { CorpusEntry } from "./corpus.ts";

export interface Delivery {
  /** What the receiver's handler got; an RpcError is what the sender of a request got. Undefined when nothing came through. */
  readonly delivered: unknown;
  /** Log lines of the receiver at every level, without those about answers of the test's handlers. */
  readonly logged: readonly string[];
}

type Line = Record<string, unknown>;

/** Each end starts with an empty log, and reads the message `times` times. */
export async function deliverToPlugin(entry: CorpusEntry, times = 1): Promise<Delivery> {
  const set = openEnds();
  const { input, output, log, logged, take } = set;
  const end = createPluginEnd({ input, output, log, onHostGone: () => undefined });
  const handler = (params: unknown) => {
    take(params);
    throw new RpcError("shuttingDown", "the test answers nothing");
  };
  const handlers = Object.fromEntries(Object.keys(methods).map((name) => [name, handler]));
  const notificationHandlers = Object.fromEntries(Object.keys(hostNotifications).map((name) => [name, take]));
  end.serve(handlers as never, notificationHandlers as never);
  for (let count = 0; count < times; count += 1) {
    const asked = entry.answers === undefined ? undefined : end.request("signal.send", SIGNAL);
    await set.deliver(entry, asked);
  }
  end.close();
  return { delivered: set.delivered(), logged: logged.filter(isAboutMessage) };
}

export async function deliverToHost(entry: CorpusEntry, times = 1): Promise<Delivery> {
  const set = openEnds();
  const { input, output, log, logged, take } = set;
  const host = connectPlugin(output, input, { log });
  for (const name of Object.keys(pluginNotifications)) {
    host.onNotification(name as PluginNotificationName, take);
  }
  host.onRequest("signal.send", (params) => {
    take(params);
    return null;
  });
  for (let count = 0; count < times; count += 1) {
    const { answers } = entry;
    const asked = answers === undefined ? undefined : host.request(answers as MethodName, {} as never);
    await set.deliver(entry, asked);
  }
  host.close();
  return { delivered: set.delivered(), logged: logged.filter(isAboutMessage) };
}

const SIGNAL = { peerId: "12D3KooWGoodPeerAbcdefgh", topic: "call:c1", payload: {} };

const isAboutMessage = (line: string) => !line.includes("the test answers nothing");

/** Two streams, and what came through the end that reads `input`. */
function openEnds() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const logged: string[] = [];
  let delivered: unknown;
  let lastWritten: Line = {};
  output.on("data", (chunk: Buffer) => {
    lastWritten = JSON.parse(chunk.toString());
    if (isRecord(lastWritten.error) && delivered === undefined) {
      const { code, message, data } = lastWritten.error;
      delivered = RpcError.fromWire({ code: Number(code), message: String(message), data });
    }
  });
  const take = (value: unknown): void => {
    delivered = value;
  };
  return {
    input,
    output,
    logged,
    log: (level: string, text: string) => void logged.push(`${level}: ${text}`),
    take,
    delivered: () => delivered,
    /** @param asked the request that the entry answers */
    async deliver({ message }: CorpusEntry, asked: Promise<unknown> | undefined): Promise<void> {
      const settled = asked?.then(take, take);
      await new Promise(setImmediate);
      const id = asked === undefined ? message.id : lastWritten.id;
      input.write(`${JSON.stringify({ ...message, ...(id === undefined ? {} : { id }) })}\n`);
      await settled;
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    },
  };
}
