// The network half of a Goop² peer: libp2p node, message queue, identity exchange and presence [1, 2, 4]. Call messages are
// opaque to it, except for the quirks. The quirks of sending are in wire/outgoing.ts.

import { randomUUID } from "node:crypto";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, PrivateKey, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromString } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2p } from "libp2p";
import { PeerTable } from "./peer-table.ts";
import { NO_QUIRKS, type Quirks } from "./quirks.ts";
import { acknowledgeOnStream, closeStream, StreamText, sendOnStream } from "./wire/mq-streams.ts";
import { makeKeys, type NaclKeys, open, seal } from "./wire/nacl-box.ts";
import { Outgoing } from "./wire/outgoing.ts";
import { Presence } from "./wire/presence.ts";
import {
  asCallMessage,
  CALL_TOPIC,
  CONTENT_PROTOCOL,
  IDENTITY_RESPONSE_TOPIC,
  IDENTITY_TOPIC,
  type IdentityResponse,
  isRecord,
  MQ_ACK_TOPIC,
  MQ_PROTOCOL,
  MQ_TIMINGS,
  type MqMessage,
  PROBE_MS,
} from "./wire/wire.ts";
import { WireLog } from "./wire/wire-log.ts";

/** What a restarted peer still has. Its table of peers is empty, because Goop² loses the keys of its peers [2.5]. */
export interface GoopIdentity {
  readonly privateKey: PrivateKey;
  readonly naclKeys: NaclKeys;
}

export interface GoopNodeOptions {
  /** New keys by default. */
  readonly identity?: GoopIdentity;
  readonly label: string;
  readonly quirks?: Partial<Quirks>;
  readonly listen?: string;
  readonly heartbeatMs?: number;
}

/** A decrypted message. `from` is the authenticated sender, or undefined for a local event. */
export interface Delivered {
  readonly from: string | undefined;
  readonly id: string;
  readonly seq: number;
  readonly topic: string;
  readonly payload: unknown;
}

export type Subscriber = (delivered: Delivered) => void;

/** Each message has its own stream, so many are open at once. Goop² sets no limit. */
const STREAMS = { maxInboundStreams: 2_000, maxOutboundStreams: 2_000, runOnLimitedConnection: true };
const VERSION = "2.4.0";

/** Listens on loopback by default. */
export async function startGoopNode(options: GoopNodeOptions): Promise<GoopNode> {
  const identity = options.identity ?? {
    privateKey: await generateKeyPair("Ed25519"),
    naclKeys: makeKeys(),
  };
  const libp2p = await createLibp2p({
    privateKey: identity.privateKey,
    addresses: { listen: [options.listen ?? "/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      // Go's gossip keeps no scores by default. Here, scores would exclude the fifteenth peer on one address.
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        globalSignaturePolicy: "StrictSign",
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  });
  const node = new GoopNode(libp2p, { ...options, identity });
  await node.begin();
  return node;
}

/** Stops the node, or kills it, and starts it with the same identity and address. It has lost the keys of its peers. */
export async function restartGoopNode(node: GoopNode, how: "stopped" | "killed"): Promise<GoopNode> {
  if (how === "stopped") await node.stop();
  else await node.kill();
  return startGoopNodeAgain(node);
}

/** Starts a stopped node again with the same identity and address. It has lost the keys of its peers. */
export function startGoopNodeAgain(node: GoopNode): Promise<GoopNode> {
  return startGoopNode({ ...node.options, listen: node.address.replace(/\/p2p\/.*$/, "") });
}

export class GoopNode {
  readonly peerId: string;
  readonly label: string;
  readonly address: string;
  readonly quirks: Quirks;
  /** The messages received over the message queue. */
  readonly log = new WireLog();
  readonly table = new PeerTable();
  readonly presence: Presence;
  readonly #libp2p: Libp2p<{ pubsub: GossipSub }>;
  readonly options: GoopNodeOptions & { readonly identity: GoopIdentity };
  readonly #keys: NaclKeys;
  readonly #connectedAtMs = new Map<string, number>();
  readonly #outgoing: Outgoing;
  readonly #subscribers = new Set<{ prefix: string; take: Subscriber }>();
  #seq = 0;
  readonly #seen = new Set<string>();
  /** Whether this peer publishes its key. With `switching`, only after the first description. */
  #isKeyPublished: boolean;

  constructor(libp2p: Libp2p, options: GoopNode["options"]) {
    this.options = options;
    this.#keys = options.identity.naclKeys;
    this.#libp2p = libp2p as Libp2p<{ pubsub: GossipSub }>;
    this.peerId = libp2p.peerId.toString();
    this.address = String(libp2p.getMultiaddrs()[0]);
    this.label = options.label;
    this.quirks = { ...NO_QUIRKS, ...options.quirks };
    this.#isKeyPublished = this.quirks.sealing === "sealed";
    this.#outgoing = new Outgoing(this.quirks, (peerId, topic, payload) =>
      this.#deliver(peerId, topic, payload),
    );
    this.presence = new Presence(this.#libp2p.services.pubsub, this.table, {
      peerId: this.peerId,
      heartbeatMs: options.heartbeatMs,
      describe: () => ({
        content: this.label,
        videoDisabled: this.quirks.videoDisabled,
        addrs: [this.address.replace(/\/p2p\/.*$/, "")],
        encryptionSupported: this.#isKeyPublished,
        goopClientVersion: VERSION,
      }),
      onOnline: (peerId) => this.#inBackground(this.probe(peerId)),
    });
  }

  async begin(): Promise<void> {
    await this.#libp2p.handle(
      MQ_PROTOCOL,
      (stream, connection) => this.#receive(stream, connection),
      STREAMS,
    );
    await this.#libp2p.handle(
      CONTENT_PROTOCOL,
      (stream) => this.#inBackground(this.#sendLabel(stream)),
      STREAMS,
    );
    this.subscribe(IDENTITY_TOPIC, (delivered) => this.#onIdentity(delivered));
    this.#libp2p.addEventListener("connection:open", ({ detail }) => {
      this.#connectedAtMs.set(detail.remotePeer.toString(), performance.now());
    });
    this.#libp2p.addEventListener("peer:identify", ({ detail }) => {
      if (this.#isKeyPublished) this.#inBackground(this.exchangeKeys(detail.peerId.toString()));
    });
    await this.presence.begin();
  }

  async dial(address: string): Promise<void> {
    await this.#libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(MQ_TIMINGS.openMs * 5) });
  }

  /** Through the peer's quirks. @throws Error when neither the message nor its one repeat was acknowledged */
  async send(peerId: string, topic: string, payload: unknown): Promise<void> {
    this.#switchAt(peerId, topic, payload);
    await this.#outgoing.send(peerId, topic, payload);
  }

  /** The order of a topic's messages is not certain. @returns a function that unsubscribes */
  subscribe(prefix: string, take: Subscriber): () => void {
    const one = { prefix, take };
    this.#subscribers.add(one);
    return () => void this.#subscribers.delete(one);
  }

  /** Only for this process's own subscribers, with the same counter `seq` [2.2]. */
  publishLocal(topic: string, payload: unknown): void {
    this.#dispatch({ from: undefined, id: randomUUID(), seq: ++this.#seq, topic, payload });
  }

  /** Requests the other's key, and sends ours unless that would be sealed too [2.5]. */
  async exchangeKeys(peerId: string): Promise<void> {
    this.#isKeyPublished = true;
    if (!this.#sealsIdentity) {
      await this.#deliver(peerId, IDENTITY_RESPONSE_TOPIC, this.#identity());
    }
    await this.#deliver(peerId, IDENTITY_TOPIC, null);
  }

  /** [1.2] A peer that does not send its label in time loses the whole connection. */
  async probe(peerId: string): Promise<boolean> {
    try {
      const stream = await this.#open(peerId, CONTENT_PROTOCOL, PROBE_MS);
      await new StreamText(stream).all(PROBE_MS);
      await closeStream(stream);
      this.table.change(peerId, { reachable: true });
      return true;
    } catch {
      this.table.change(peerId, { reachable: false });
      for (const connection of this.#connections(peerId)) await connection.close();
      return false;
    }
  }

  isConnected(peerId: string): boolean {
    return this.#connections(peerId).length > 0;
  }

  async stop(): Promise<void> {
    await this.presence.end();
    await this.#libp2p.stop();
  }

  /** Without a message, and without closing its connections. */
  async kill(): Promise<void> {
    this.presence.cease();
    for (const connection of this.#libp2p.getConnections()) connection.abort(new Error("killed"));
    await this.#libp2p.stop();
  }

  /** Forgets the other's key, as a restart does. */
  forgetKey(peerId: string): void {
    this.table.forgetKey(peerId);
  }

  /**
   * Whether the user's page is still loading. Messages of calls are then confirmed by `mq.ack` and dropped, because the page
   * reads messages before its script of calls runs.
   */
  isPageLoading = false;

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const from = connection.remotePeer.toString();
    const incoming = new StreamText(stream);
    try {
      const message = JSON.parse(await incoming.firstObject(MQ_TIMINGS.readMs, "a message"));
      const isLost = this.#losesAckOf(from, message);
      // The acknowledgement precedes decryption and parsing [2.1].
      await (isLost ? closeStream(stream) : acknowledgeOnStream(stream, message.id, message.seq));
      const { payload, wasSealed } = this.#opened(from, message.payload);
      const atMs = performance.now();
      this.log.add({
        from,
        message,
        payload,
        wasSealed,
        wasAcknowledged: !isLost,
        atMs,
        get text() {
          return incoming.text;
        },
      });
      this.#dispatch({ ...(message as MqMessage), from, payload });
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Only on first arrival, so that the single retry is acknowledged. */
  #losesAckOf(from: string, { topic, payload }: MqMessage): boolean {
    if (this.quirks.loseAckOfEvery === 0 || !topic.startsWith(CALL_TOPIC)) return false;
    const text = `${topic} ${JSON.stringify(this.#opened(from, payload).payload)}`;
    if (this.#seen.has(text)) return false;
    this.#seen.add(text);
    return this.#seen.size % this.quirks.loseAckOfEvery === 0;
  }

  #opened(from: string, payload: unknown): { payload: unknown; wasSealed: boolean } {
    const key = this.table.find(from)?.publicKey;
    if (!isRecord(payload) || typeof payload.enc !== "string") return { payload, wasSealed: false };
    const opened = key ? open(payload.enc, key, this.#keys.privateKey) : undefined;
    // A payload that cannot be decrypted passes unchanged, and no subscriber knows its type [2.4].
    return { payload: opened === undefined ? payload : opened, wasSealed: true };
  }

  #dispatch(delivered: Delivered): void {
    const { from, topic, payload, id } = delivered;
    if (this.#losesIdentity(from, topic)) return;
    const isDropped = this.isPageLoading && topic.startsWith(CALL_TOPIC);
    for (const { prefix, take } of isDropped ? [] : this.#subscribers) {
      if (topic.startsWith(prefix)) setImmediate(take, delivered);
    }
    if (from === undefined || topic === MQ_ACK_TOPIC || topic.startsWith(IDENTITY_TOPIC)) return;
    this.#switchAt(from, topic, payload);
    for (let count = 0; count < this.quirks.mqAcksPerMessage; count += 1) {
      this.#inBackground(this.#deliver(from, MQ_ACK_TOPIC, { msg_id: id }));
    }
  }

  #losesIdentity(from: string | undefined, topic: string): boolean {
    if (from === undefined || !topic.startsWith(IDENTITY_TOPIC)) return false;
    const connectedAtMs = this.#connectedAtMs.get(from) ?? 0;
    return performance.now() - connectedAtMs < this.quirks.losesIdentitiesMs;
  }

  #switchAt(peerId: string, topic: string, payload: unknown): void {
    if (this.quirks.sealing !== "switching" || this.#isKeyPublished || !topic.startsWith(CALL_TOPIC)) return;
    const type = asCallMessage(payload)?.type;
    if (type === "call-offer" || type === "call-answer") this.#inBackground(this.exchangeKeys(peerId));
  }

  #onIdentity({ from, topic, payload }: Delivered): void {
    if (from === undefined) return;
    if (topic === IDENTITY_TOPIC) {
      this.#inBackground(this.#deliver(from, IDENTITY_RESPONSE_TOPIC, this.#identity()));
    } else if (topic === IDENTITY_RESPONSE_TOPIC && isRecord(payload) && payload.content) {
      const { content, videoDisabled, publicKey, encryptionSupported } =
        payload as unknown as IdentityResponse;
      this.table.learn(from, { content, videoDisabled, publicKey, encryptionSupported });
    }
  }

  #identity(): IdentityResponse {
    const keys = this.#isKeyPublished ? { publicKey: this.#keys.publicKey, encryptionSupported: true } : {};
    const videoDisabled = this.quirks.videoDisabled ? { videoDisabled: true } : {};
    return {
      peerID: this.peerId,
      content: this.label,
      ...videoDisabled,
      ...keys,
      goopClientVersion: VERSION,
      reachable: true,
    };
  }

  /** As Goop²'s queue does: one attempt, a pause, and one more with a new id and number [2.3]. */
  async #deliver(peerId: string, topic: string, payload: unknown): Promise<void> {
    try {
      await this.#attempt(peerId, topic, payload);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, MQ_TIMINGS.retryPauseMs));
      await this.#attempt(peerId, topic, payload);
    }
  }

  async #attempt(peerId: string, topic: string, payload: unknown): Promise<void> {
    const stream = await this.#open(peerId, MQ_PROTOCOL, MQ_TIMINGS.openMs);
    const sealed = this.#sealed(peerId, topic, payload);
    await sendOnStream(stream, {
      type: "msg",
      id: randomUUID(),
      seq: ++this.#seq,
      topic,
      payload: sealed,
    } satisfies MqMessage);
  }

  get #sealsIdentity(): boolean {
    return this.quirks.sealsIdentity && this.quirks.sealing !== "switching";
  }

  /** Seals only with both the key and the flag [2.5]. */
  #sealed(peerId: string, topic: string, payload: unknown): unknown {
    if (topic.startsWith(IDENTITY_TOPIC) && !this.#sealsIdentity) return payload;
    const peer = this.table.find(peerId);
    if (!this.#isKeyPublished || !peer?.publicKey || !peer.encryptionSupported) return payload;
    return seal(payload, peer.publicKey, this.#keys.privateKey);
  }

  async #open(peerId: string, protocol: string, limitMs: number): Promise<Stream> {
    return await this.#libp2p.dialProtocol(peerIdFromString(peerId), protocol, {
      signal: AbortSignal.timeout(limitMs),
      runOnLimitedConnection: true,
      maxOutboundStreams: STREAMS.maxOutboundStreams,
    });
  }

  async #sendLabel(stream: Stream): Promise<void> {
    stream.send(new TextEncoder().encode(`${this.label}\n`));
    await closeStream(stream);
  }

  #connections(peerId: string): Connection[] {
    return this.#libp2p.getConnections(peerIdFromString(peerId));
  }

  /** Goop² ignores these errors too: the other peer has gone, or will ask again. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.failures.push(String(error)));
  }
  readonly failures: string[] = [];
}
