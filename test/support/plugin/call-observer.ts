// What a page of a reference host sees and hears of its calls, kept as a state that a test can wait for: the phase, frames
// of the other side, its tone. Watches anew by itself when the host's plugin is another one.

import { once } from "node:events";
import { WebSocket } from "ws";
import type { Host } from "../../../plugin/host/host.ts";
import type { HostState } from "../../../plugin/http/page-messages.ts";
import { isFrameLine, readFrameLine } from "../../../plugin/ui/link/frame-line-reader.ts";
import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";

/** Far above any recovery that works. */
const WAIT_MS = 40_000;
/** A test tone peaks at a quarter of full scale; noise of a broken path would not. */
const TONE = 0.05;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: { readonly stream?: string };
}

export class CallObserver {
  call: CallInfo | undefined;
  ended: PluginNotificationParams<"call.ended"> | undefined;
  /** Since `mark`, or since the path was lost last. */
  frames = 0;
  hasTone = false;
  hasReconnected = false;
  readonly #socket: WebSocket;
  #plugin: HostState["plugin"] = { state: "stopped" };
  #stream: string | undefined;
  #ids = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#receive(String(data));
      for (const check of [...this.#waiting]) check();
    });
  }

  static async open(host: Host): Promise<CallObserver> {
    const protocols = ["goop-call.v1", `token.${host.token}`];
    const origin = `http://127.0.0.1:${host.port}`;
    const watcher = new CallObserver(
      new WebSocket(`ws://127.0.0.1:${host.port}/link`, protocols, { origin }),
    );
    await once(watcher.#socket, "open");
    return watcher;
  }

  /** Forgets what came so far, and expects the path to be lost and found. */
  reset(): void {
    this.hasReconnected = false;
    this.#forget();
  }

  /** The other side is seen and heard, since `mark` or the last loss of the path. */
  get isComplete(): boolean {
    return this.call?.phase === "connected" && this.frames >= 3 && this.hasTone;
  }

  /** @throws Error that says how things stood when the time was up */
  waitUntil(what: string, fits: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!fits()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const { call, ended, frames, hasTone, hasReconnected } = this;
        const state = { phase: call?.phase, ended, frames, hasTone, hasReconnected, plugin: this.#plugin };
        reject(new Error(`${what} did not come: ${JSON.stringify(state)}`));
      }, WAIT_MS);
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    if (isFrameLine(text)) {
      this.#picture(text);
      return;
    }
    const { method, params, result } = JSON.parse(text) as Message;
    if (result?.stream !== undefined) this.#stream = result.stream;
    if (method === "host.state") this.#hostChanged(params as HostState);
    if (method === "call.incoming" || method === "call.changed") this.#callChanged(params as CallInfo);
    if (method === "call.ended") this.ended = params as PluginNotificationParams<"call.ended">;
    if (method === "call.levels" && (params as { speaker: number }).speaker > TONE) this.hasTone = true;
  }

  #picture(line: string): void {
    const { stream, seq } = readFrameLine(line);
    this.#send({ method: "frames.ack", params: { stream, seq } });
    if (stream === this.#stream) this.frames += 1;
  }

  #hostChanged({ plugin }: HostState): void {
    if (plugin.state === "ready" && this.#plugin.state !== "ready" && this.call) this.#subscribe();
    if (plugin.state !== "ready") this.#lost();
    this.#plugin = plugin;
  }

  #callChanged(call: CallInfo): void {
    const [was, now] = [this.call?.phase, call.phase];
    if (now === "connected" && was !== "connected" && this.#stream === undefined) this.#subscribe();
    if (now === "reconnecting" && was !== "reconnecting") this.#lost();
    this.call = call;
  }

  #lost(): void {
    if (this.#plugin.state !== "ready") this.#stream = undefined;
    this.hasReconnected = true;
    this.#forget();
  }

  #forget(): void {
    this.frames = 0;
    this.hasTone = false;
  }

  #subscribe(): void {
    const callId = this.call?.callId;
    if (callId === undefined) return;
    this.#ids += 1;
    this.#send({
      id: this.#ids,
      method: "frames.subscribe",
      params: { callId, source: "remote", maxWidth: 320 },
    });
  }

  #send(message: object): void {
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}
