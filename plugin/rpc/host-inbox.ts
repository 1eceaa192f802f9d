// What a host does with one line from a plugin: picture lines go on unparsed, answers to the client, notifications,
// checked, to their handlers.

import { isJSONRPCResponse, type JSONRPCResponse } from "json-rpc-2.0";
import {
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginNotifications,
} from "../../rpc-schema/index.ts";
import { isFrameLine } from "../frames/frame-line.ts";
import type { Log } from "../log.ts";
import { decodeLine } from "./line-reader.ts";
import { isRecord, summaryOf } from "./messages.ts";

type AnyHandler = (params: unknown) => void;

export class HostInbox {
  readonly #answer: (response: JSONRPCResponse) => void;
  readonly #log: Log;
  readonly #frameLineHandlers = new Set<(line: Buffer) => void>();
  readonly #handlers = new Map<string, Set<AnyHandler>>();

  /** @param answer takes the answers to requests */
  constructor(answer: (response: JSONRPCResponse) => void, log: Log) {
    this.#answer = answer;
    this.#log = log;
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
      for (const message of Array.isArray(value) ? value : [value]) this.#dispatch(message);
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

  #dispatch(message: unknown): void {
    if (isRecord(message) && typeof message.method === "string") {
      this.#notified(message.method, message.params ?? {});
    } else if (isRecord(message) && isJSONRPCResponse(message)) {
      // Section 5: an answer to a line whose id could not be told, so no request of ours can be found for it.
      if (message.error && message.id === null) this.#log("error", `the plugin: ${message.error.message}`);
      this.#answer(message);
    } else {
      this.#log("error", "the plugin sent what is no JSON-RPC message");
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

function listen<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

function isPluginNotification(name: string): name is PluginNotificationName {
  return Object.hasOwn(pluginNotifications, name);
}
