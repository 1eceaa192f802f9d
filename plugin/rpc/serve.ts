// The plugin's end of the link: passes input lines to handlers, and writes answers, requests, notifications and frames to the
// output. It reports when the host has gone; main decides what follows.

import type { Readable, Writable } from "node:stream";
import { formerNotification, pluginMethods, withFormerNamesOnly } from "../../rpc-schema/index.ts";
import { createUnknownFieldLog } from "../common/unknown-field-log.ts";
import type { FrameOutlet } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import { createDispatcher, type Handlers, type HostNotificationHandlers } from "./dispatcher.ts";
import { readLines } from "./line-reader.ts";
import { Notifier, type NotifierOptions, type Notify, type NotifyLatest } from "./notifier.ts";
import { Requests } from "./requests.ts";
import { createStdioLink, type StdioLink } from "./stdio-link.ts";

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
  readonly notifyLatest: NotifyLatest;
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

  const logUnknownFields = createUnknownFieldLog(log);
  let version: number | undefined;
  const encode = (result: unknown) => (version === 1 ? withFormerNamesOnly(result) : result);
  const notifier = notifierOf({ ...ownLinesOf(link, log), log }, () => version);
  const requests = new Requests({
    definitions: pluginMethods,
    // The answer to `call.start` also comes before the first message about that call.
    send: (line) => notifier.post("a request", line),
    logUnknownFields,
  });

  return {
    outlet: link,
    notify: notifier.notify,
    notifyLatest: notifier.notifyLatest,
    request: (method, params, limits) => requests.request(method, params, limits),
    flush(timeoutMs) {
      notifier.flushAll();
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
        send: (line) => link.send(line),
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
      notifier.flushAll();
      requests.close("the plugin closed the link");
      link.close();
    },
  };
}

/** Lines that the plugin sends on its own. Those above the link's limit for them are left out, with a warning at the first. */
function ownLinesOf(link: StdioLink, log: Log): Pick<NotifierOptions, "send" | "sendLatest"> {
  let leftOut = 0;
  return {
    send(line) {
      if (link.post(line)) {
        if (leftOut > 0) log("warn", `the host reads again; ${leftOut} lines were left out`);
        leftOut = 0;
        return;
      }
      leftOut += 1;
      if (leftOut === 1) log("warn", "the host does not read; lines are left out");
    },
    sendLatest: (key, write) => link.sendLatest(key, write),
  };
}

function notifierOf(
  options: Pick<NotifierOptions, "send" | "sendLatest" | "log">,
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
