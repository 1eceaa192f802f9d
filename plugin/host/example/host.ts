// A small host of its own, written from rpc-schema/README.md and openrpc.json alone: starts a plugin, carries its signals
// over whatever network it is given, hangs up for one that died. Imports nothing of the product.

import { Connection, Refusal } from "./connection.ts";
import { isObject, protocolVersion } from "./document.ts";

export interface Message {
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface IndependentHostOptions {
  readonly selfId: string;
  /** Program and arguments. */
  readonly plugin: readonly string[];
  readonly settings?: object;
  /** Resolves when the peer acknowledged, rejects when it is not reached. */
  send(message: Message): Promise<void>;
  onNotification?(method: string, params: Record<string, unknown>): void;
}

/** A plugin that has not left by then is stuck. */
const LEAVE_MS = 1_000;

export class IndependentHost {
  readonly #options: IndependentHostOptions;
  readonly #connection: Connection;
  /** Calls that the peers would wait for, by peer and topic. */
  readonly #calls = new Map<string, Pick<Message, "peerId" | "topic">>();
  /** The last message of each topic to each peer: the next goes when it is done. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #hungUp: Promise<void>;
  #isReady = false;
  #stopping: Promise<void> | undefined;

  constructor(options: IndependentHostOptions) {
    this.#options = options;
    this.#connection = new Connection(
      options.plugin,
      (_, params) => this.#send(params as unknown as Message),
      (method, params) => this.#notified(method, params),
    );
    this.#hungUp = this.#connection.gone.then(() => this.#hangUpAll());
  }

  async start(): Promise<void> {
    const { selfId, settings = {} } = this.#options;
    await this.#connection.request("initialize", {
      protocolVersion,
      host: { name: "independent-host" },
      identity: { label: `host ${selfId.slice(-4)}` },
      carrier: { selfId },
      settings,
    });
    this.#isReady = true;
    this.#connection.notify("initialized", {});
    this.#connection.notify("contacts.set", { contacts: [] });
  }

  /** What the plugin offers, as the document says. */
  request(method: string, params: object): Promise<unknown> {
    return this.#connection.request(method, params);
  }

  notify(method: string, params: object): void {
    this.#connection.notify(method, params);
  }

  /** A peer's message came to this host. */
  arrives({ peerId, topic, payload }: Message): void {
    if (!this.#isReady || !topic.startsWith("call:")) return;
    if (payload.type === "call-request") this.#calls.set(`${peerId} ${topic}`, { peerId, topic });
    if (payload.type === "call-hangup") this.#calls.delete(`${peerId} ${topic}`);
    // What the plugin makes of it is its own matter.
    this.#connection.request("signal.deliver", { from: peerId, topic, payload }).catch(() => undefined);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const timer = setTimeout(() => this.#connection.kill(), LEAVE_MS);
    const left = this.#connection.request("shutdown", {}).then(() => this.#connection.notify("exit", {}));
    await Promise.race([left.catch(() => undefined), this.#connection.gone]);
    this.#connection.endInput();
    await this.#connection.gone;
    clearTimeout(timer);
    await this.#hungUp;
  }

  async #send(message: Message): Promise<null> {
    const key = `${message.peerId} ${message.topic}`;
    if (message.payload.type === "call-hangup") this.#calls.delete(key);
    else this.#calls.set(key, message);
    const sending = (this.#lanes.get(key) ?? Promise.resolve()).then(() => this.#options.send(message));
    const settled = sending.catch(() => undefined);
    this.#lanes.set(key, settled);
    void settled.then(() => this.#lanes.get(key) === settled && this.#lanes.delete(key));
    await sending.catch((error: unknown) => {
      throw new Refusal("peerUnreachable", String(error));
    });
    return null;
  }

  #notified(method: string, params: Record<string, unknown>): void {
    if (method === "call.ended") this.#calls.delete(`${params.peerId} call:${params.callId}`);
    this.#options.onNotification?.(method, isObject(params) ? params : {});
  }

  async #hangUpAll(): Promise<void> {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const payload = { type: "call-hangup", reason: "hostGone" };
    await Promise.allSettled(
      calls.map(async ({ peerId, topic }) => {
        await this.#lanes.get(`${peerId} ${topic}`);
        await this.#options.send({ peerId, topic, payload });
      }),
    );
  }
}
