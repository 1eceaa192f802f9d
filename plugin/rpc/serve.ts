// The plugin's end of the link: passes input lines to handlers, and writes answers, requests, notifications and frames to the
// output. It reports when the host has gone; main decides what follows.

import type { Readable, Writable } from "node:stream";
import { pluginMethods, withFormerNamesOnly } from "../../rpc-schema/index.ts";
import { createUnknownFieldLog } from "../common/unknown-field-log.ts";
import type { FrameOutlet } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import { createDispatcher, type Handlers, type HostNotificationHandlers } from "./dispatcher.ts";
import { readLines } from "./line-reader.ts";
import { Notifier, type Notify } from "./notifier.ts";
import { Requests } from "./requests.ts";
import { createStdioLink } from "./stdio-link.ts";

/** Sends a request to the host. @throws RpcError when it refuses; HostLinkError without an answer that fits the contract */
export type AskHost = Requests<typeof pluginMethods>["request"];

export interface ServeOptions {
  readonly input: Readable;
  /** See {@link openWritable} for the real process's. */
  readonly output: Writable;
  readonly log: Log;
  /** Called once, when the input ends or breaks, or when the host stops reading. */
  onHostGone(why: string): void;
}

export interface PluginEnd {
  /** Writes frames. */
  readonly outlet: FrameOutlet;
  readonly notify: Notify;
  /** Answers are read from `serve` on. When the host has gone, open and new requests reject with `closed`. */
  readonly request: AskHost;
  /** Begins to read. Separate from the creation, because handlers are built with `outlet` and `notify`. */
  serve(handlers: Handlers, notificationHandlers: HostNotificationHandlers): void;
  /** Waits until the kernel has taken all queued lines; see StdioLink.flush. */
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
  const logUnknownFields = createUnknownFieldLog(log);
  const requests = new Requests({ definitions: pluginMethods, send, logUnknownFields });
  let version: number | undefined;
  const encode = (message: unknown) => (version === 1 ? withFormerNamesOnly(message) : message);
  const notifier = new Notifier({ send, encode, log });

  return {
    outlet: link,
    notify: notifier.notify,
    request: (method, params, limits) => requests.request(method, params, limits),
    flush(timeoutMs) {
      notifier.flush();
      return link.flush(timeoutMs);
    },
    serve(handlers, notificationHandlers) {
      const dispatcher = createDispatcher({
        handlers: {
          ...handlers,
          async initialize(params) {
            const result = await handlers.initialize(params);
            version = result.protocolVersion;
            return result;
          },
        },
        notificationHandlers,
        onResponse: (response) => requests.receive(response),
        holdNotifications: () => notifier.hold(),
        send,
        encode,
        log,
      });
      readLines(input, {
        onLine: dispatcher.receive,
        onTooLong: dispatcher.refuseLongLine,
        onEnd(droppedBytes, error) {
          if (droppedBytes > 0) log("warn", `the input ended within a line; ${droppedBytes} bytes dropped`);
          hostGone(error ? `reading failed: ${error.message}` : "the host closed its end");
        },
      });
    },
    close() {
      gone = true;
      notifier.flush();
      requests.close("the plugin closed the link");
      link.close();
    },
  };
}
