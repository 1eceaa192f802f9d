// The plugin's end of the link: passes input lines to handlers, and writes answers, requests, notifications and frames to the
// output. It reports when the host has gone; main decides what follows.

import type { Readable, Writable } from "node:stream";
import { formerNotification, pluginMethods, withFormerNamesOnly } from "../../rpc-schema/index.ts";
import { createUnknownFieldLog } from "../common/unknown-field-log.ts";
import type { FrameOutlet } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import { createDispatcher, type Handlers, type HostNotificationHandlers } from "./dispatcher.ts";
import { readLines } from "./line-reader.ts";
import { Notifier, type NotifierOptions, type Notify } from "./notifier.ts";
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
  let version: number | undefined;
  const encode = (result: unknown) => (version === 1 ? withFormerNamesOnly(result) : result);
  const notifier = notifierOf({ send, log }, () => version);
  const requests = new Requests({
    definitions: pluginMethods,
    // The answer to `call.start` also comes before the first message about that call.
    send: (line) => notifier.post("a request", line),
    logUnknownFields,
  });

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
        handlers: withVersion(handlers, (agreed) => {
          version = agreed;
        }),
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

function notifierOf(
  options: Pick<NotifierOptions, "send" | "log">,
  version: () => number | undefined,
): Notifier {
  return new Notifier({
    ...options,
    encode: (params, name) => (version() === 1 ? formerNotification(name, params) : params),
  });
}

/** @param onVersion gets the version that `initialize` answers, before the answer is sent */
function withVersion(handlers: Handlers, onVersion: (version: number) => void): Handlers {
  return {
    ...handlers,
    async initialize(params) {
      const result = await handlers.initialize(params);
      onVersion(result.protocolVersion);
      return result;
    },
  };
}
