// Relays JSON-RPC between the pages and the plugin: allowed requests to the plugin, notifications to every page, and frames to
// the page that subscribed.

import { WebSocket } from "ws";
import {
  hostNotifications,
  type MethodName,
  type ParamsInput,
  pluginNotifications,
  type Result,
  RpcError,
} from "../../../rpc-schema/index.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";
import { errorText } from "../../common/error-text.ts";
import { FileError } from "../../common/system-failure.ts";
import { frameLineRoute, type HostLink } from "../../rpc/host-link.ts";
import { ChartSubscribers } from "./chart-subscribers.ts";
import { createStreamOwners, type StreamOwners } from "./stream-owners.ts";

/** A page may use the plugin, but must not start or end it. */
const pageMethods: ReadonlySet<string> = new Set<MethodName>([
  "settings.update",
  "contacts.list",
  "contacts.add",
  "devices.list",
  "call.start",
  "call.accept",
  "call.reject",
  "call.hangup",
  "call.setMicrophone",
  "call.setCamera",
  "call.useDevice",
  "call.shareScreen",
  "screen.sources",
  "call.list",
  "call.stats",
  "call.snapshot",
  "calls.missed",
  "calls.seen",
  "preview.start",
  "preview.hearYourself",
  "preview.testSound",
  "preview.stop",
  "frames.subscribe",
  "frames.unsubscribe",
  "charts.list",
  "charts.subscribe",
  "charts.unsubscribe",
  "debug.refusals",
]);
const pluginNotificationNames = Object.keys(pluginNotifications).filter(isRelayed);

/** `frame` and `charts.recorded` go only to the pages that subscribed. */
type RelayedName = Exclude<keyof typeof pluginNotifications, "frame" | "charts.recorded" | "calls.persisted">;

/** A page with so much unread data has stopped. Frames alone stay far below, because of their credit. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

/** A request to the host itself. @throws RpcError */
export type HostMethod = (params: Readonly<Record<string, unknown>>) => Promise<unknown>;

export interface RelayOptions {
  /** The running plugin, or undefined. */
  plugin(): HostLink | undefined;
  readonly hostMethods: ReadonlyMap<string, HostMethod>;
  /** Called after a page's request has succeeded. */
  onResult(method: MethodName, params: unknown, result: unknown): void;
  log(line: string): void;
}

/** Outlives plugins: pages stay connected while one ends and the next is attached. */
export interface PageRelay {
  /** @param greeting the first message to the new page */
  addPage(socket: WebSocket, greeting: string): void;
  /** Relays this plugin's notifications until its link closes. */
  attach(plugin: HostLink): void;
  broadcast(message: string): void;
  /** The plugin has ended: forgets its streams and chart subscribers. */
  detach(): void;
}

/** Unsubscribes the streams of a page that closes, so that the plugin stops encoding for it. */
export function createPageRelay(options: RelayOptions): PageRelay {
  const pages = new Set<WebSocket>();
  const owners = createStreamOwners<WebSocket>();
  const subscribers = new ChartSubscribers<WebSocket>();
  const previewing: Previewing = { page: undefined };
  const broadcast = (message: string): void => {
    for (const page of pages) send(page, message);
  };
  return {
    broadcast,
    detach() {
      owners.clear();
      subscribers.clear();
    },
    attach(plugin) {
      for (const method of pluginNotificationNames) {
        plugin.onNotification(method, (params) =>
          broadcast(JSON.stringify({ jsonrpc: "2.0", method, params })),
        );
      }
      plugin.onNotification("charts.recorded", (params) => {
        const message = JSON.stringify({ jsonrpc: "2.0", method: "charts.recorded", params });
        for (const page of subscribers.all) send(page, message);
      });
      plugin.onFrameLine((line) => {
        const stream = frameLineRoute(line)?.stream;
        const page = stream === undefined ? undefined : owners.route(stream, line);
        if (page) send(page, line);
      });
    },
    addPage(socket, greeting) {
      pages.add(socket);
      const page = new Page(socket, owners, subscribers, { ...options, previewing });
      socket.on("message", (data) => page.receive(String(data)));
      socket.on("error", (error) => options.log(`host: a page's connection: ${error.message}`));
      socket.once("close", () => {
        pages.delete(socket);
        for (const stream of owners.release(socket)) page.unsubscribe(stream);
        page.unsubscribeCharts();
        page.stopPreview();
      });
      send(socket, greeting);
    },
  };
}

function isRelayed(name: string): name is RelayedName {
  return name !== "frame" && name !== "charts.recorded" && name !== "calls.persisted";
}

function send(socket: WebSocket, message: string | Buffer): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
  else socket.send(message, { binary: false });
}

/** Which page has the device check: the one that asked last. */
interface Previewing {
  page: WebSocket | undefined;
}

type PageOptions = RelayOptions & { readonly previewing: Previewing };

class Page {
  readonly #socket: WebSocket;
  readonly #owners: StreamOwners<WebSocket>;
  readonly #subscribers: ChartSubscribers<WebSocket>;
  readonly #options: PageOptions;

  constructor(
    socket: WebSocket,
    owners: StreamOwners<WebSocket>,
    subscribers: ChartSubscribers<WebSocket>,
    options: PageOptions,
  ) {
    this.#socket = socket;
    this.#owners = owners;
    this.#subscribers = subscribers;
    this.#options = options;
  }

  receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (error) {
      this.#refuse(null, new RpcError("parseError", `not JSON: ${String(error)}`));
      return;
    }
    const { id, method, params = {} } = isRecord(message) ? message : {};
    if (typeof method !== "string") {
      this.#refuse(
        null,
        new RpcError("invalidRequest", "expected a request or a notification with a method"),
      );
    } else if (id === undefined) {
      this.#notify(method, params);
    } else {
      void this.#request(id, method, params);
    }
  }

  unsubscribe(stream: string): void {
    const ended = this.#options.plugin()?.request("frames.unsubscribe", { stream });
    ended?.catch((error: unknown) => {
      // The stream ended with its call before the page closed.
      if (error instanceof RpcError && error.kind === "unknownStream") return;
      this.#options.log(`host: unsubscribing ${stream}: ${errorText(error)}`);
    });
  }

  /** Ends the host's own subscription once the last page has left. */
  unsubscribeCharts(): void {
    if (!this.#subscribers.leave(this.#socket)) return;
    const ended = this.#options.plugin()?.request("charts.unsubscribe", {});
    ended?.catch((error: unknown) => this.#options.log(`host: charts.unsubscribe: ${errorText(error)}`));
  }

  /** Closes the devices of the page's device check. A preview of another page stays. */
  stopPreview(): void {
    const { previewing } = this.#options;
    if (previewing.page !== this.#socket) return;
    previewing.page = undefined;
    const ended = this.#options.plugin()?.request("preview.stop", {});
    ended?.catch((error: unknown) => this.#options.log(`host: preview.stop: ${errorText(error)}`));
  }

  #notify(method: string, params: unknown): void {
    if (method !== "frames.ack") return;
    const ack = hostNotifications["frames.ack"].params.safeParse(params);
    // Only the owner may acknowledge. Another page's acknowledgement would spend the owner's credit.
    if (!ack.success || !this.#owners.isOwner(ack.data.stream, this.#socket)) return;
    this.#options.plugin()?.notify("frames.ack", ack.data);
  }

  async #request(id: unknown, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.#answer(id, method, params);
      if (result !== undefined) this.#reply(id, result);
    } catch (error) {
      this.#refuse(id, toRpcError(error));
    }
  }

  /** @returns undefined when the answer has already been sent. @throws RpcError or HostLinkError */
  async #answer(id: unknown, method: string, params: unknown): Promise<unknown> {
    const ofHost = this.#options.hostMethods.get(method);
    if (ofHost) return ofHost(isRecord(params) ? params : {});
    if (!isPageMethod(method)) throw new RpcError("methodNotFound", `a page may not call ${method}`);
    const plugin = this.#options.plugin();
    if (!plugin) throw new RpcError("internalError", "the plugin is not running");
    if (method === "frames.subscribe") {
      await this.#subscribe(id, plugin, params);
      return undefined;
    }
    // The plugin checks the params itself, and its errors name the fields.
    if (method === "frames.unsubscribe") this.#owners.forget(streamOf(params));
    // Other pages may still be subscribed, and the plugin has one subscriber: the host.
    if (method === "charts.unsubscribe" && !this.#subscribers.leave(this.#socket)) return null;
    if (method === "charts.subscribe") this.#subscribers.join(this.#socket);
    if (method === "preview.start") this.#options.previewing.page = this.#socket;
    const result = await plugin.request(method, params as never);
    // The page has closed meanwhile, and nobody else would close the devices.
    if (method === "preview.start" && this.#socket.readyState !== WebSocket.OPEN) this.stopPreview();
    this.#options.onResult(method, params, result);
    return result;
  }

  async #subscribe(id: unknown, plugin: HostLink, params: unknown): Promise<void> {
    const claim = this.#owners.claim(this.#socket);
    let answer: Result<"frames.subscribe">;
    try {
      answer = await plugin.request("frames.subscribe", params as ParamsInput<"frames.subscribe">);
    } catch (error) {
      claim.fail();
      throw error;
    }
    const early = claim.settle(answer.stream);
    if (this.#socket.readyState !== WebSocket.OPEN) {
      this.#owners.forget(answer.stream);
      this.unsubscribe(answer.stream);
      return;
    }
    this.#reply(id, answer);
    for (const line of early) send(this.#socket, line);
  }

  #reply(id: unknown, result: unknown): void {
    send(this.#socket, JSON.stringify({ jsonrpc: "2.0", id, result }));
  }

  #refuse(id: unknown, { code, message, data }: RpcError): void {
    send(this.#socket, JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } }));
  }
}

function isPageMethod(method: string): method is MethodName {
  return pageMethods.has(method);
}

function streamOf(params: unknown): string {
  return isRecord(params) ? String(params.stream) : "";
}

/** A FileError is a sentence for the user. */
function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError(error instanceof FileError ? "storageFailed" : "internalError", errorText(error));
}
