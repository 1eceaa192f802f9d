// A host written from rpc-schema/README.md and openrpc.json alone. It starts a plugin, relays the plugin's signals over
// the host's own network, shows frames, and hangs up for a plugin that has died.

import { Connection, RequestFailed } from "./connection.ts";
import { protocolVersions } from "./document.ts";

/** One message of a call, in either direction. The host never looks inside `payload` except at `type`. */
export interface Message {
  /** The recipient of a sent message. The authenticated sender of a received one. */
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface Frame {
  readonly stream: string;
  readonly seq: number;
  readonly width: number;
  readonly height: number;
  readonly dataUrl: string;
}

export interface ExampleHostOptions {
  /** This host's own peer id. */
  readonly selfId: string;
  /** Program and arguments of the plugin. */
  readonly plugin: readonly string[];
  readonly settings?: object;
  /** The host's own transport. Resolves when the peer has acknowledged, rejects when it is unreachable. */
  send(message: Message): Promise<void>;
  onNotification?(method: string, params: Record<string, unknown>): void;
}

/** The plugin waits 6 s for the answer to `signal.send`. */
const ANSWER_MS = 5_000;
/** The plugin gets this long to leave after `shutdown`. */
const LEAVE_MS = 1_000;
/** At most this many frames are sent before the first is acknowledged. */
const CREDIT = 2;

export class ExampleHost {
  readonly #options: ExampleHostOptions;
  readonly #connection: Connection;
  /** Open calls by peer and topic: their peers need a hang-up when the plugin dies. */
  readonly #calls = new Map<string, Pick<Message, "peerId" | "topic">>();
  /** The last message of each topic to each peer. The next one waits for it. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #streams = new Map<string, (frame: Frame) => void>();
  readonly #hungUp: Promise<void>;
  #isReady = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ExampleHostOptions) {
    this.#options = options;
    this.#connection = new Connection(options.plugin, {
      onRequest: (_, params) => this.#relay(params as unknown as Message), // `signal.send` is the only request
      onNotification: (method, params) => this.#onNotification(method, params),
    });
    this.#hungUp = this.#connection.closed.then(() => this.#hangUpAll());
  }

  async start(): Promise<void> {
    const { selfId, settings = {} } = this.#options;
    await this.#connection.request("initialize", {
      protocolVersions,
      host: { name: "example-host" },
      identity: { label: `host ${selfId.slice(-4)}` },
      carrier: { selfId },
      settings,
    });
    this.#isReady = true;
    this.#connection.notify("initialized", {});
    this.#connection.notify("contacts.set", { contacts: [] });
  }

  /** Any request of the document, such as `call.start`. */
  request(method: string, params: object): Promise<unknown> {
    return this.#connection.request(method, params);
  }

  /** Acknowledges every frame after `show` has returned, which grants credit for the next one. @returns a function that ends it */
  async showFrames(callId: string, source: "remote" | "local", show: (frame: Frame) => void) {
    const params = { callId, source, credit: CREDIT };
    const { stream } = (await this.request("frames.subscribe", params)) as { stream: string };
    this.#streams.set(stream, show);
    return async () => {
      this.#streams.delete(stream);
      await this.request("frames.unsubscribe", { stream });
    };
  }

  /** Call this for every message that a peer sends to this host. */
  receive({ peerId, topic, payload }: Message): void {
    if (!this.#isReady || !/^call:(?!loopback:)/.test(topic)) return;
    if (payload.type === "call-request") this.#calls.set(`${peerId} ${topic}`, { peerId, topic });
    if (payload.type === "call-hangup") this.#calls.delete(`${peerId} ${topic}`);
    // An error in the answer changes nothing for the host, and nothing is delivered twice.
    this.#connection.request("signal.deliver", { from: peerId, topic, payload }).catch(() => undefined);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const timer = setTimeout(() => this.#connection.kill(), LEAVE_MS);
    const left = this.#connection.request("shutdown", {}).then(() => this.#connection.notify("exit", {}));
    await Promise.race([left.catch(() => undefined), this.#connection.closed]);
    this.#connection.endInput();
    await this.#connection.closed;
    clearTimeout(timer);
    await this.#hungUp;
  }

  /** Sends a topic's messages to one peer in order. Other topics do not wait. */
  async #relay(message: Message): Promise<null> {
    const key = `${message.peerId} ${message.topic}`;
    if (message.payload.type === "call-hangup") this.#calls.delete(key);
    else this.#calls.set(key, message);
    const before = this.#lanes.get(key) ?? Promise.resolve();
    const sending = before.then(() => inTime(this.#options.send(message)));
    const settled = sending.catch(() => undefined);
    this.#lanes.set(key, settled);
    void settled.then(() => this.#lanes.get(key) === settled && this.#lanes.delete(key));
    await sending.catch((error: unknown) => {
      throw new RequestFailed("peerUnreachable", String(error));
    });
    return null;
  }

  #onNotification(method: string, params: Record<string, unknown>): void {
    if (method === "call.ended") this.#calls.delete(`${params.peerId} call:${params.callId}`);
    // The first frame may be read together with the answer that names its stream.
    if (method === "frame") setImmediate(() => this.#show(params as unknown as Frame));
    else this.#options.onNotification?.(method, params);
  }

  #show(frame: Frame): void {
    const { stream, seq } = frame;
    const show = this.#streams.get(stream);
    if (!show) return;
    show(frame);
    this.#connection.notify("frames.ack", { stream, seq });
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

/** A message without an acknowledgement has failed, so the next one of its topic may leave. */
async function inTime(sent: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.reject(new Error("the peer did not acknowledge")), ANSWER_MS);
  await Promise.race([sent, late.promise]).finally(() => clearTimeout(timer));
}
