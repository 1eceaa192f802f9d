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

export interface HostInbox {
  /** Never throws. */
  receive(line: Buffer): void;
  onNotification<N extends PluginNotificationName>(
    name: N,
    handler: (params: PluginNotificationParams<N>) => void,
  ): () => void;
  onFrameLine(handler: (line: Buffer) => void): () => void;
}

export function createHostInbox(answer: (response: JSONRPCResponse) => void, log: Log): HostInbox {
  const frameLineHandlers = new Set<(line: Buffer) => void>();
  const handlers = new Map<string, Set<AnyHandler>>();

  function dispatch(message: unknown): void {
    if (isRecord(message) && typeof message.method === "string") {
      notified(message.method, message.params ?? {});
    } else if (isRecord(message) && isJSONRPCResponse(message)) {
      if (message.error && message.id === null) log("error", `the plugin: ${message.error.message}`);
      answer(message);
    } else {
      log("error", "the plugin sent what is no JSON-RPC message");
    }
  }

  function notified(name: string, params: unknown): void {
    if (!isPluginNotification(name)) {
      log("warn", `unknown notification ${name} ignored`);
      return;
    }
    const listening = handlers.get(name);
    if (!listening?.size) return;
    const checked = pluginNotifications[name].params.safeParse(params);
    if (!checked.success) {
      log("error", `${name} left out: ${summaryOf(checked.error, params)}`);
      return;
    }
    for (const handler of [...listening]) guarded(name, () => handler(checked.data));
  }

  /** One failing handler must neither stop the others nor the reading. */
  function guarded(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      log("error", `a handler of ${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  return {
    receive(line) {
      if (isFrameLine(line)) {
        for (const handler of [...frameLineHandlers]) guarded("frame", () => handler(line));
        if (!handlers.get("frame")?.size) return;
      }
      try {
        const value: unknown = JSON.parse(decodeLine(line));
        for (const message of Array.isArray(value) ? value : [value]) dispatch(message);
      } catch (error) {
        log("error", `the plugin sent a line that is no JSON: ${String(error)}`);
      }
    },
    onNotification(name, handler) {
      return listen(handlersOf(name), handler as AnyHandler);
    },
    onFrameLine: (handler) => listen(frameLineHandlers, handler),
  };

  function handlersOf(name: string): Set<AnyHandler> {
    const known = handlers.get(name) ?? new Set();
    handlers.set(name, known);
    return known;
  }
}

function listen<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

function isPluginNotification(name: string): name is PluginNotificationName {
  return Object.hasOwn(pluginNotifications, name);
}
