// The plugin's end of the wire: input lines to handlers, answers, requests, notifications and pictures to the output.
// Decides only when the host has gone; what follows from that is main's matter.

import type { Readable, Writable } from "node:stream";
import { pluginMethods } from "../../rpc-schema/index.ts";
import type { FrameOutlet } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import { createDispatcher, type Handlers, type HostNotificationHandlers } from "./dispatcher.ts";
import { readLines } from "./line-reader.ts";
import { createNotifier, type Notify } from "./notifier.ts";
import { Requests } from "./requests.ts";
import { createStdioLink } from "./stdio-link.ts";

/** Asks the host. @throws RpcError what it answered; HostLinkError when it did not answer rightly */
export type AskHost = Requests<typeof pluginMethods>["request"];

export interface ServeOptions {
  readonly input: Readable;
  /** See {@link openWritable} for the real process's. */
  readonly output: Writable;
  readonly log: Log;
  /** Once: the input ended or broke, or the host no longer reads. */
  onHostGone(why: string): void;
}

export interface PluginEnd {
  /** Where pictures leave. */
  readonly outlet: FrameOutlet;
  readonly notify: Notify;
  /** Answers are read only once `serve` was called. Once the host has gone, everything open rejects with `closed`. */
  readonly request: AskHost;
  /** Begins to read. Apart from creation, because handlers need `outlet` and `notify` to be built. */
  serve(handlers: Handlers, notificationHandlers: HostNotificationHandlers): void;
  /** Waits for what is queued to reach the kernel; see StdioLink.flush. */
  flush(timeoutMs: number): Promise<boolean>;
  close(): void;
}

export function createPluginEnd(options: ServeOptions): PluginEnd {
  const { input, output, log } = options;
  let gone = false;
  const hostGone = (why: string): void => {
    if (gone) return;
    gone = true;
    requests.close(why);
    options.onHostGone(why);
  };
  const link = createStdioLink({ output, onLost: (error) => hostGone(error.message) });

  const send = (line: string): void => link.send(line);
  const requests = new Requests(pluginMethods, send);

  return {
    outlet: link,
    notify: createNotifier(send, log),
    request: (method, params, limits) => requests.request(method, params, limits),
    flush: (timeoutMs) => link.flush(timeoutMs),
    serve(handlers, notificationHandlers) {
      const onResponse = (response: Record<string, unknown>) => requests.receive(response);
      const dispatcher = createDispatcher({ handlers, notificationHandlers, onResponse, send, log });
      readLines(input, {
        onLine: dispatcher.receive,
        onTooLong: dispatcher.refuseLongLine,
        onEnd(droppedBytes, error) {
          if (droppedBytes > 0) log("warn", `input ended within a line; ${droppedBytes} bytes dropped`);
          hostGone(error ? `reading failed: ${error.message}` : "the host closed its end");
        },
      });
    },
    close() {
      gone = true;
      requests.close("the plugin closed the link");
      link.close();
    },
  };
}
