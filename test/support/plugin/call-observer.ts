// Observes a call as a page of the reference host does: phase, remote frames, remote tone. Tests wait for a state of it. It
// subscribes again when the host has restarted its plugin.

import { once } from "node:events";
import { WebSocket } from "ws";
import type { Host } from "../../../plugin/host/host.ts";
import type { HostState } from "../../../plugin/http/page-messages.ts";
import { isFrameLine, readFrameLine } from "../../../plugin/ui/link/frame-line-reader.ts";
import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

/** A test tone peaks at a quarter of full scale. Noise stays far below this. */
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
  /** Since `reset`, or since the last loss of the path. */
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
    const observer = new CallObserver(
      new WebSocket(`ws://127.0.0.1:${host.port}/link`, protocols, { origin }),
    );
    await once(observer.#socket, "open");
    return observer;
  }

  /** Forgets everything so far, before a test interrupts the path. */
  reset(): void {
    this.hasReconnected = false;
    this.#forget();
  }

  /** Whether frames and tone of the other side arrive, since `reset` or the last loss of the path. */
  get isComplete(): boolean {
    return this.call?.phase === "connected" && this.frames >= 3 && this.hasTone;
  }

  /** @throws Error with the state at the deadline */
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
        reject(new Error(`${what} did not happen: ${JSON.stringify(state)}`));
      }, HANG_LIMIT_MS);
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    if (isFrameLine(text)) {
      this.#frame(text);
      return;
    }
    const { method, params, result } = JSON.parse(text) as Message;
    if (result?.stream !== undefined) this.#stream = result.stream;
    if (method === "host.state") this.#hostChanged(params as HostState);
    if (method === "call.incoming" || method === "call.changed") this.#callChanged(params as CallInfo);
    if (method === "call.ended") this.ended = params as PluginNotificationParams<"call.ended">;
    if (method === "call.levels" && (params as { speaker: number }).speaker > TONE) this.hasTone = true;
  }

  #frame(line: string): void {
    const { stream, seq } = readFrameLine(line);
    this.#send({ method: "frames.ack", params: { stream, seq } });
    if (stream === this.#stream) this.frames += 1;
  }

  #hostChanged({ plugin }: HostState): void {
    if (plugin.state === "ready" && this.#plugin.state !== "ready" && this.call) this.#subscribe();
    if (plugin.state !== "ready") this.#pathLost();
    this.#plugin = plugin;
  }

  #callChanged(call: CallInfo): void {
    const [was, now] = [this.call?.phase, call.phase];
    if (now === "connected" && was !== "connected" && this.#stream === undefined) this.#subscribe();
    if (now === "reconnecting" && was !== "reconnecting") this.#pathLost();
    this.call = call;
  }

  #pathLost(): void {
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
