// Sorts the lines of a plugin at the host's end. Frame lines pass unparsed, answers go to their requests, requests of the
// plugin go to the host's handlers, and notifications are checked and go to their listeners.

import {
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginNotifications,
  withCurrentNames,
} from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import { createUnknownFieldLog, type LogUnknownFields } from "../common/unknown-field-log.ts";
import { isFrameLine } from "../frames/frame-line.ts";
import type { Log } from "../log.ts";
import { decodeLine } from "./line-reader.ts";
import { looksLikeResponse, summaryOf } from "./messages.ts";
import type { AnswerFate } from "./requests.ts";

type AnyHandler = (params: unknown) => void;

export interface HostInboxOptions {
  /** Receives the answers to the host's requests. */
  onResponse(response: Record<string, unknown>): AnswerFate;
  /** Receives a request of the plugin, or the requests of a batch. */
  onRequest(value: unknown): void;
  readonly log: Log;
}

export class HostInbox {
  readonly #options: HostInboxOptions;
  readonly #log: Log;
  readonly #logUnknownFields: LogUnknownFields;
  readonly #frameLineHandlers = new Set<(line: Buffer) => void>();
  readonly #handlers = new Map<string, Set<AnyHandler>>();

  constructor(options: HostInboxOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#logUnknownFields = createUnknownFieldLog(options.log);
  }

  /** One line of the plugin. Never throws. */
  receive(line: Buffer): void {
    if (isFrameLine(line)) {
      for (const handler of [...this.#frameLineHandlers]) this.#runGuarded("frame", () => handler(line));
      // Thirty frames a second are parsed only where a listener wants them parsed.
      if (!this.#handlers.get("frame")?.size) return;
    }
    try {
      const value: unknown = JSON.parse(decodeLine(line));
      if (Array.isArray(value)) this.#dispatchBatch(value);
      else this.#dispatch(value);
    } catch (error) {
      this.#log("error", `the plugin sent a line that is not JSON: ${String(error)}`);
    }
  }

  /** @returns the function that removes the handler */
  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    return addHandler(handlers, handler as AnyHandler);
  }

  /** @returns the function that removes the handler */
  onFrameLine(handler: (line: Buffer) => void): () => void {
    return addHandler(this.#frameLineHandlers, handler);
  }

  /** Section 6: one list answers the requests of a batch. */
  #dispatchBatch(batch: readonly unknown[]): void {
    const requests = batch.filter(isRequest);
    if (requests.length > 0) this.#options.onRequest(requests);
    for (const message of batch) if (!isRequest(message)) this.#dispatch(message);
  }

  #dispatch(message: unknown): void {
    if (isRequest(message)) this.#options.onRequest(message);
    else if (isRecord(message) && typeof message.method === "string") {
      this.#onNotificationMessage(message.method, message.params ?? {});
    } else if (looksLikeResponse(message)) this.#onResponseMessage(message);
    else this.#log("error", "the plugin sent a line that is not a JSON-RPC message");
  }

  #onResponseMessage(response: Record<string, unknown>): void {
    const { id, error } = response;
    // Section 5: the plugin could not read the id of the line that this answers, so no request matches it.
    if (id === null && isRecord(error)) this.#log("error", `the plugin: ${String(error.message)}`);
    else if (this.#options.onResponse(response) === "unasked") {
      this.#log("warn", "the plugin answered a request that was never sent");
    }
  }

  #onNotificationMessage(name: string, params: unknown): void {
    if (!isPluginNotification(name)) {
      this.#log("warn", `unknown notification ${name} ignored`);
      return;
    }
    const handlers = this.#handlers.get(name);
    if (!handlers?.size) return;
    const current = withCurrentNames(params);
    const checked = pluginNotifications[name].params.safeParse(current);
    if (!checked.success) {
      this.#log("error", `${name} dropped: ${summaryOf(checked.error, current)}`);
      return;
    }
    this.#logUnknownFields(name, current, checked.data);
    for (const handler of [...handlers]) this.#runGuarded(name, () => handler(checked.data));
  }

  /** A failing handler must stop neither the other handlers nor the reader. */
  #runGuarded(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      const text = error instanceof Error ? error.stack : String(error);
      this.#log("error", `a handler of ${name} failed: ${text}`);
    }
  }
}

function isRequest(message: unknown): boolean {
  return isRecord(message) && "method" in message && "id" in message;
}

function addHandler<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

function isPluginNotification(name: string): name is PluginNotificationName {
  return Object.hasOwn(pluginNotifications, name);
}
