// What a host does with one line from a plugin: picture lines go on unparsed, answers to who asked, the plugin's own
// requests to who answers, notifications, checked, to their handlers.

import {
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginNotifications,
} from "../../rpc-schema/index.ts";
import { isRecord } from "../common/is-record.ts";
import { isFrameLine } from "../frames/frame-line.ts";
import type { Log } from "../log.ts";
import { decodeLine } from "./line-reader.ts";
import { looksLikeResponse, summaryOf } from "./messages.ts";
import type { AnswerFate } from "./requests.ts";

type AnyHandler = (params: unknown) => void;

export interface HostInboxOptions {
  /** Takes the answers to the host's requests. */
  onResponse(response: Record<string, unknown>): AnswerFate;
  /** Takes what the plugin asks: one message, or those of a batch. */
  onRequest(value: unknown): void;
  readonly log: Log;
}

export class HostInbox {
  readonly #options: HostInboxOptions;
  readonly #log: Log;
  readonly #frameLineHandlers = new Set<(line: Buffer) => void>();
  readonly #handlers = new Map<string, Set<AnyHandler>>();

  constructor(options: HostInboxOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** One line of the plugin. Never throws. */
  receive(line: Buffer): void {
    if (isFrameLine(line)) {
      for (const handler of [...this.#frameLineHandlers]) this.#guarded("frame", () => handler(line));
      // Thirty pictures a second are parsed only for who asked for it.
      if (!this.#handlers.get("frame")?.size) return;
    }
    try {
      const value: unknown = JSON.parse(decodeLine(line));
      if (Array.isArray(value)) this.#dispatchBatch(value);
      else this.#dispatch(value);
    } catch (error) {
      this.#log("error", `the plugin sent a line that is no JSON: ${String(error)}`);
    }
  }

  /** Gives the function that takes the handler away again. */
  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void {
    const known = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, known);
    return listen(known, handler as AnyHandler);
  }

  /** Gives the function that takes the handler away again. */
  onFrameLine(handler: (line: Buffer) => void): () => void {
    return listen(this.#frameLineHandlers, handler);
  }

  /** Its requests are answered together, section 6. */
  #dispatchBatch(batch: readonly unknown[]): void {
    const requests = batch.filter(isRequest);
    if (requests.length > 0) this.#options.onRequest(requests);
    for (const message of batch) if (!isRequest(message)) this.#dispatch(message);
  }

  #dispatch(message: unknown): void {
    if (isRequest(message)) this.#options.onRequest(message);
    else if (isRecord(message) && typeof message.method === "string") {
      this.#notified(message.method, message.params ?? {});
    } else if (looksLikeResponse(message)) this.#answered(message);
    else this.#log("error", "the plugin sent what is no JSON-RPC message");
  }

  #answered(response: Record<string, unknown>): void {
    const { id, error } = response;
    // Section 5: an answer to a line whose id could not be told, so no request of ours can be found for it.
    if (id === null && isRecord(error)) this.#log("error", `the plugin: ${String(error.message)}`);
    else if (this.#options.onResponse(response) === "unasked") {
      this.#log("warn", "the plugin sent an answer to what it was not asked");
    }
  }

  #notified(name: string, params: unknown): void {
    if (!isPluginNotification(name)) {
      this.#log("warn", `unknown notification ${name} ignored`);
      return;
    }
    const listening = this.#handlers.get(name);
    if (!listening?.size) return;
    const checked = pluginNotifications[name].params.safeParse(params);
    if (!checked.success) {
      this.#log("error", `${name} left out: ${summaryOf(checked.error, params)}`);
      return;
    }
    for (const handler of [...listening]) this.#guarded(name, () => handler(checked.data));
  }

  /** One failing handler must neither stop the others nor the reading. */
  #guarded(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      const why = error instanceof Error ? error.stack : String(error);
      this.#log("error", `a handler of ${name} failed: ${why}`);
    }
  }
}

function isRequest(message: unknown): boolean {
  return isRecord(message) && "method" in message && "id" in message;
}

function listen<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

function isPluginNotification(name: string): name is PluginNotificationName {
  return Object.hasOwn(pluginNotifications, name);
}
