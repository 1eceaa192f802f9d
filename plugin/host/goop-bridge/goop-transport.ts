// A running Goop² viewer as the carrier of our signals: its node sends, seals and receives; this side holds on to its event
// stream, through losses and restarts, and knows its peers. It changes nothing in the viewer and acknowledges nothing for it.

import type { Contact } from "../../../rpc-schema/index.ts";
import { pause } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { HostTransport, HostTransportListener, TransportMessage } from "../transport/host-transport.ts";
import { isHangup } from "../transport/topic-queue.ts";
import { quickSettingsSchema, readContacts, readEvent, selfSchema } from "./answers.ts";
import { EventStreamDecoder, type ServerEvent } from "./event-stream.ts";
import { type GoopClient, GoopError } from "./goop-client.ts";
import { ReplayedMessages } from "./replayed-messages.ts";

/** Waits, milliseconds. */
export interface GoopTimings {
  /** Before the next try after a first failure; doubles up to the longest. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** How long a message waits for a viewer that is away, as while it is started anew; the plugin waits for 6 s. */
  readonly awayMs: number;
  /** Between two looks at the peers; theirs is a heartbeat of 5 s. */
  readonly pollPeersMs: number;
  /** After the viewer said that a peer came or went: more of them may follow. */
  readonly peersChangedDelayMs: number;
  /** Silence after which a replay is over, since nothing marks its end. */
  readonly replayQuietMs: number;
  /** A replay lasts no longer than this, however much goes on. */
  readonly replayMs: number;
}

export const goopTimings: GoopTimings = {
  retryMs: 250,
  longestRetryMs: 5_000,
  awayMs: 3_000,
  pollPeersMs: 5_000,
  peersChangedDelayMs: 200,
  replayQuietMs: 300,
  replayMs: 2_000,
};

export interface GoopTransportOptions {
  readonly client: GoopClient;
  /** For people: each trouble once, and its end. */
  report(line: string): void;
  /** Ends the wait for the viewer; one that is attached is ended by `close`. */
  readonly signal: AbortSignal;
  readonly timings?: Partial<GoopTimings>;
}

export interface GoopTransport extends HostTransport {
  /** How the viewer's user is called. */
  readonly label: string;
  /** Calls were switched off in the viewer's settings when it was asked. */
  readonly videoDisabled: boolean;
  /** Resolves, with the reason, when this viewer cannot be used any more: it is another peer now. */
  readonly unusable: Promise<string>;
  /** Ends every request and stream. Idempotent. */
  close(): void;
}

/** Hang-ups that wait for a viewer to come back. */
const MAX_OWED = 64;
/** Looks in a row that fail before an open stream is taken for dead: a hung viewer closes nothing. */
const MAX_FAILED_LOOKS = 2;

/** Waits for the viewer, as long as it takes. @throws the signal's reason */
export async function attachToGoop(options: GoopTransportOptions): Promise<GoopTransport> {
  const timings = { ...goopTimings, ...options.timings };
  const { client, signal } = options;
  let told = "";
  for (let attempt = 0; ; attempt += 1) {
    try {
      const self = await readSelf(client, signal);
      return await withFirstContacts(new AttachedViewer({ ...options, timings, ...self }), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (errorText(error) !== told) options.report(`${errorText(error)}; trying again until it answers`);
      told = errorText(error);
      await pause(backoff(timings, attempt), signal);
    }
  }
}

async function withFirstContacts(carrier: AttachedViewer, signal: AbortSignal): Promise<AttachedViewer> {
  const close = () => carrier.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await carrier.lookAtPeers();
    return carrier;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

interface Self {
  readonly selfId: string;
  readonly label: string;
  readonly videoDisabled: boolean;
}

/** @throws ViewerError */
async function readSelf(http: GoopClient, signal: AbortSignal): Promise<Self> {
  const self = selfSchema.safeParse(await http.getJson("/api/self", signal));
  if (!self.success) {
    throw new GoopError("strange", `${http.origin}/api/self names no peer; is it a Goop² viewer?`);
  }
  const { id, label } = self.data;
  const quick = await http.getJson("/api/settings/quick/get", signal).catch((error: unknown) => {
    if (error instanceof GoopError && error.code !== "down") return {};
    throw error;
  });
  return { selfId: id, label, videoDisabled: quickSettingsSchema.parse(quick).video_disabled };
}

const backoff = ({ retryMs, longestRetryMs }: GoopTimings, attempt: number): number =>
  Math.min(retryMs * 2 ** Math.min(attempt, 16), longestRetryMs);

const isDown = (error: unknown): boolean => error instanceof GoopError && error.code === "down";

class AttachedViewer implements GoopTransport {
  readonly selfId: string;
  readonly label: string;
  readonly videoDisabled: boolean;
  readonly unusable: Promise<string>;
  readonly #options: GoopTransportOptions & { readonly timings: GoopTimings };
  readonly #closing = new AbortController();
  readonly #signal = this.#closing.signal;
  readonly #inbox: ReplayedMessages;
  readonly #owed = new Map<string, TransportMessage>();
  readonly #giveUp: (why: string) => void;
  #listener: HostTransportListener | undefined;
  #isFollowing = false;
  #contacts: Contact[] = [];
  #stream: AbortController | undefined;
  #isLost = false;
  #replayTimer: NodeJS.Timeout | undefined;
  #replayEndsBy = 0;
  #peersChanged = Promise.withResolvers<void>();
  #failedLooks = 0;

  constructor(options: GoopTransportOptions & Self & { readonly timings: GoopTimings }) {
    this.#options = options;
    this.selfId = options.selfId;
    this.label = options.label;
    this.videoDisabled = options.videoDisabled;
    this.#inbox = new ReplayedMessages((message) => this.#listener?.onMessage(message));
    const { promise, resolve } = Promise.withResolvers<string>();
    this.unusable = promise;
    this.#giveUp = resolve;
  }

  async send(message: TransportMessage): Promise<void> {
    if (isHangup(message)) this.#inbox.noteHangup(message);
    try {
      await this.#post(message);
    } catch (error) {
      if (isHangup(message) && isDown(error)) this.#owe(message);
      throw error;
    }
  }

  contacts(): readonly Contact[] {
    return this.#contacts;
  }

  setAvailability(): void {
    // What peers are told is the setting of the viewer's own user, which is not ours to change.
  }

  /** The stream is opened for the first listener, so that the viewer keeps for it what comes before. */
  listen(listener: HostTransportListener): () => void {
    this.#listener = listener;
    if (!this.#isFollowing) {
      this.#isFollowing = true;
      for (const loop of [this.#followEvents(), this.#followPeers()]) {
        loop.catch((error: unknown) => {
          if (!this.#signal.aborted) this.#giveUp(`following the viewer failed: ${errorText(error)}`);
        });
      }
    }
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  close(): void {
    clearTimeout(this.#replayTimer);
    this.#closing.abort(new Error("the bridge ends"));
  }

  /** Never throws for what the viewer does; a list that cannot be had leaves the last one. */
  async lookAtPeers(): Promise<void> {
    try {
      const contacts = readContacts(await this.#options.client.getJson("/api/peers", this.#signal));
      if (contacts === undefined) throw new GoopError("strange", "/api/peers answered no list");
      this.#failedLooks = 0;
      this.#setContacts(contacts.filter(({ peerId }) => peerId !== this.selfId));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof GoopError)) throw error;
      this.#failedLooks += 1;
      if (this.#failedLooks >= MAX_FAILED_LOOKS) this.#stream?.abort(error);
    }
  }

  /** One that was given up half way may go out twice: receivers must bear that anyway. */
  async #post({ peerId, topic, payload }: TransportMessage): Promise<void> {
    const { client, timings } = this.#options;
    const body = { peer_id: peerId, topic, payload };
    const until = performance.now() + timings.awayMs;
    for (;;) {
      try {
        await client.postJson("/api/mq/send", body, this.#signal);
        return;
      } catch (error) {
        if (!isDown(error) || performance.now() >= until) throw error;
      }
      await pause(timings.retryMs, this.#signal);
    }
  }

  #setContacts(contacts: Contact[]): void {
    if (JSON.stringify(contacts) === JSON.stringify(this.#contacts)) return;
    this.#contacts = contacts;
    this.#listener?.onContacts();
  }

  async #followPeers(): Promise<void> {
    const { pollPeersMs, peersChangedDelayMs } = this.#options.timings;
    while (!this.#signal.aborted) {
      const isAsked = await Promise.race([
        pause(pollPeersMs, this.#signal).then(() => false),
        this.#peersChanged.promise.then(() => true),
      ]);
      if (isAsked) await pause(peersChangedDelayMs, this.#signal);
      this.#peersChanged = Promise.withResolvers();
      await this.lookAtPeers();
    }
  }

  async #followEvents(): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; ) {
      const isConnected = await this.#followOnce();
      failures = isConnected ? 0 : failures + 1;
      this.#isLost = true;
      await pause(backoff(this.#options.timings, failures), this.#signal);
    }
  }

  /** One connection, to its end. @returns whether it stood */
  async #followOnce(): Promise<boolean> {
    const stream = new AbortController();
    this.#stream = stream;
    const decoder = new EventStreamDecoder();
    let isConnected = false;
    let why = "the viewer closed them";
    try {
      const signal = AbortSignal.any([this.#signal, stream.signal]);
      const response = await this.#options.client.openStream("/api/mq/events", signal);
      this.#replayBegins();
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (const event of decoder.push(chunk)) {
          if (event.event === "connected" && this.#isLost) await this.#returned();
          isConnected ||= event.event === "connected";
          this.#take(event);
        }
      }
    } catch (error) {
      // Whatever ends a stream, the next is tried; only our own end is an end.
      this.#signal.throwIfAborted();
      why = errorText(stream.signal.aborted ? stream.signal.reason : error);
    }
    if (!this.#isLost) {
      this.#options.report(`the viewer's events are lost (${why}); trying again until they are back`);
    }
    return isConnected;
  }

  /** The viewer may have been started anew, even for somebody else. */
  async #returned(): Promise<void> {
    const { client, report } = this.#options;
    const { selfId } = await readSelf(client, this.#signal);
    if (selfId !== this.selfId) {
      const now = `the viewer at ${client.origin} is now peer ${selfId}, not ${this.selfId}`;
      this.#giveUp(`${now}: start the bridge again`);
      this.close();
    }
    this.#signal.throwIfAborted();
    this.#isLost = false;
    report("the viewer's events are back");
    this.#failedLooks = 0;
    this.#peersChanged.resolve();
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    for (const message of owed) {
      this.send(message).catch((error: unknown) =>
        report(`${message.topic} was not hung up: ${errorText(error)}`),
      );
    }
  }

  #take({ event, data }: ServerEvent): void {
    if (this.#inbox.isReplaying) this.#awaitReplayEnd();
    if (event !== "message") return;
    const meaning = readEvent(data);
    if (meaning.kind === "message") this.#inbox.receive(meaning.message);
    if (meaning.kind === "peersChanged") this.#peersChanged.resolve();
  }

  #replayBegins(): void {
    this.#inbox.beginReplay();
    this.#replayEndsBy = performance.now() + this.#options.timings.replayMs;
    this.#awaitReplayEnd();
  }

  #awaitReplayEnd(): void {
    clearTimeout(this.#replayTimer);
    const left = Math.max(0, this.#replayEndsBy - performance.now());
    const quietMs = Math.min(this.#options.timings.replayQuietMs, left);
    this.#replayTimer = setTimeout(() => this.#inbox.endReplay(), quietMs);
  }

  #owe(message: TransportMessage): void {
    if (this.#owed.size < MAX_OWED) this.#owed.set(`${message.peerId} ${message.topic}`, message);
  }
}
