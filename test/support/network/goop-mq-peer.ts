// A peer that behaves like Goop², written from the protocol description and directly on libp2p. It must not import the plugin,
// so that it checks the plugin's wire format independently.

import { identify } from "@libp2p/identify";
import type { Connection, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2p } from "libp2p";

const MQ = "/goop/mq/1.0.0";
const CONTENT = "/goop/content/1.0.0";

/** The peer's reaction to one incoming message: the bytes of its answer, if any, and whether it then closes. */
export type Answer = (message: { id: string; seq: number }) => { bytes?: string; close: boolean };

/** The answer of Goop². */
export const acknowledge: Answer = ({ id, seq }) => ({
  bytes: `${JSON.stringify({ type: "ack", id, seq })}\n`,
  close: true,
});
/** Reads the message without an answer. */
export const ignore: Answer = () => ({ close: false });

/** The plugin's answer on a stream that the peer opened. */
export interface Reply {
  readonly text: string;
  readonly ending: "closed" | "reset";
}

export interface GoopMqPeer {
  readonly peerId: string;
  readonly address: string;
  /** The text of every received message of a call, one for each stream. */
  readonly received: readonly string[];
  /** The text of all other messages, which are always acknowledged. */
  readonly others: readonly string[];
  /** Sets the answers for the next messages of calls. Later messages are acknowledged. */
  answerNext(...answers: Answer[]): void;
  untilReceived(count: number): Promise<void>;
  /** The first of the other messages that matches, whether it has arrived or is still to arrive. */
  untilOther(matches: (text: string) => boolean): Promise<string>;
  /** @param force opens a further connection, as a peer does that lost power and restarted */
  dial(address: string, force?: boolean): Promise<void>;
  /** Opens a message stream, writes the chunks one by one, reads the whole answer and closes the stream. */
  write(chunks: readonly (string | Uint8Array)[]): Promise<Reply>;
  requestLabel(): Promise<string>;
  openStreams(): number;
  stop(): Promise<void>;
}

/** Listens on loopback. */
export async function startGoopMqPeer(label: string): Promise<GoopMqPeer> {
  const libp2p = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  const peer = new Peer(libp2p);
  await libp2p.handle(MQ, (stream) => peer.accept(stream));
  await libp2p.handle(CONTENT, async (stream) => {
    stream.send(new TextEncoder().encode(`${label}\n`));
    await stream.close();
  });
  return peer;
}

class Peer implements GoopMqPeer {
  readonly received: string[] = [];
  readonly others: string[] = [];
  readonly peerId: string;
  readonly address: string;
  readonly #libp2p: Libp2p;
  readonly #answers: Answer[] = [];
  readonly #waiting = new Set<() => void>();
  #plugin: Connection | undefined;

  constructor(libp2p: Libp2p) {
    this.#libp2p = libp2p;
    this.peerId = libp2p.peerId.toString();
    this.address = String(libp2p.getMultiaddrs()[0]);
  }

  answerNext(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  untilReceived(count: number): Promise<void> {
    return this.#until(() => this.received.length >= count);
  }

  async untilOther(matches: (text: string) => boolean): Promise<string> {
    await this.#until(() => this.others.some(matches));
    return this.others.find(matches) ?? "";
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  async dial(address: string, force = false): Promise<void> {
    this.#plugin = await this.#libp2p.dial(multiaddr(address), { force });
  }

  async write(chunks: readonly (string | Uint8Array)[]): Promise<Reply> {
    const stream = await this.#connection().newStream(MQ);
    const reply = readAll(stream);
    for (const chunk of chunks) {
      if (stream.status !== "open") break;
      stream.send(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      // A turn of the event loop puts each chunk into a frame of its own.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const result = await reply;
    await stream.close();
    return result;
  }

  async requestLabel(): Promise<string> {
    const stream = await this.#connection().newStream(CONTENT);
    const { text } = await readAll(stream);
    await stream.close();
    return text;
  }

  openStreams(): number {
    return this.#libp2p
      .getConnections()
      .flatMap(({ streams }) => streams)
      .filter(({ protocol }) => protocol === MQ || protocol === CONTENT).length;
  }

  async stop(): Promise<void> {
    await this.#libp2p.stop();
  }

  /** Each stream carries one message, which ends with a newline. */
  accept(stream: Stream): void {
    const decoder = new TextDecoder();
    let text = "";
    stream.addEventListener("message", ({ data }) => {
      text += decoder.decode(data.subarray(), { stream: true });
      if (text.endsWith("\n")) void this.#answer(stream, text);
    });
  }

  async #answer(stream: Stream, text: string): Promise<void> {
    const message = JSON.parse(text);
    const isCallMessage = String(message.topic).startsWith("call:");
    const answer = ((isCallMessage ? this.#answers.shift() : undefined) ?? acknowledge)(message);
    if (answer.bytes !== undefined) stream.send(new TextEncoder().encode(answer.bytes));
    if (answer.close) await stream.close();
    (isCallMessage ? this.received : this.others).push(text);
    for (const check of this.#waiting) check();
  }

  #connection(): Connection {
    if (!this.#plugin) throw new Error("the peer has not dialled the plugin");
    return this.#plugin;
  }
}

/** The event `end` alone is not enough: libp2p 3.3.11 emits it too early if the last bytes and the close arrive together. */
function readAll(stream: Stream): Promise<Reply> {
  const decoder = new TextDecoder();
  let text = "";
  return new Promise((resolve) => {
    const end = () => resolve({ text, ending: stream.status === "reset" ? "reset" : "closed" });
    const endIfRead = () => {
      if (stream.remoteWriteStatus === "closed" && stream.readBufferLength === 0) end();
    };
    stream.addEventListener("message", ({ data }) => {
      text += decoder.decode(data.subarray(), { stream: true });
      queueMicrotask(endIfRead);
    });
    stream.addEventListener("end", end);
    queueMicrotask(endIfRead);
  });
}
