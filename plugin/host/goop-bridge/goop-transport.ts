// A HostTransport over the HTTP API of a running Goop². Its node sends, seals and receives. This side follows its event
// stream through losses and restarts, and polls its peers. It writes no setting and sends no receipt.

import type { Availability, Contact } from "../../../rpc-schema/index.ts";
import { pause } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { HostTransport, HostTransportListener, TransportMessage } from "../transport/host-transport.ts";
import { isHangup } from "../transport/topic-queue.ts";
import { readContacts, readEvent } from "./answers.ts";
import { EventStreamDecoder, type ServerEvent } from "./event-stream.ts";
import { type GoopClient, GoopError } from "./goop-client.ts";
import { followVideoDisabled, readSelf, type Self, sendIdentity } from "./goop-self.ts";
import { PresenceCorrection } from "./presence-correction.ts";
import { ReplayedMessages } from "./replayed-messages.ts";

/** Milliseconds. */
export interface GoopTimings {
  /** Pause after the first failure. It doubles up to the longest. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** How long a message waits while Goop² does not answer, as during a restart. The plugin waits for 6 s. */
  readonly awayMs: number;
  /** Pause between two requests for the peers. Peers send a heartbeat every 5 s. */
  readonly pollPeersMs: number;
  /** Pause after Goop² reported a peer that came or went, because more such events may follow. */
  readonly peersChangedDelayMs: number;
  /** Pause between two requests for the settings, and between two corrections of the presence. */
  readonly pollSettingsMs: number;
  /** Silence after which a replay is over. Goop² does not mark its end. */
  readonly replayQuietMs: number;
  /** A replay lasts no longer than this, even without silence. */
  readonly replayMs: number;
}

const defaultTimings: GoopTimings = {
  retryMs: 250,
  longestRetryMs: 5_000,
  awayMs: 3_000,
  pollPeersMs: 5_000,
  peersChangedDelayMs: 200,
  pollSettingsMs: 1_000,
  replayQuietMs: 300,
  replayMs: 2_000,
};

export interface GoopTransportOptions {
  readonly client: GoopClient;
  /** Reports each problem to the user once, and its end. */
  report(line: string): void;
  /** Ends the wait for Goop². `close` ends a transport that is attached. */
  readonly signal: AbortSignal;
  readonly timings?: Partial<GoopTimings>;
}

export interface GoopTransport extends HostTransport {
  /** The name of Goop²'s user. */
  readonly label: string;
  /** Whether calls were switched off in Goop²'s settings when the transport was attached. */
  readonly videoDisabled: boolean;
  /**
   * Follows Goop²'s setting from now on.
   * @param apply runs after each change, and again after a rejection
   */
  followVideoDisabled(apply: (videoDisabled: boolean) => Promise<void>): void;
  /** Resolves with the reason when the transport can no longer work: another peer answers at this address. */
  readonly unusable: Promise<string>;
  /** Ends every request and stream, once peers have the presence that Goop² publishes by itself. */
  end(): Promise<void>;
  /** Ends every request and stream at once. Idempotent. */
  close(): void;
}

/** Hang-ups that wait until Goop² is back. */
const MAX_UNSENT_HANGUPS = 64;
/** After so many failed polls in a row, an open event stream counts as dead: a Goop² that hangs closes nothing. */
const MAX_FAILED_POLLS = 2;

/** Waits for Goop² as long as it takes. @throws the signal's reason */
export async function attachToGoop(options: GoopTransportOptions): Promise<GoopTransport> {
  const timings = { ...defaultTimings, ...options.timings };
  const { client, signal } = options;
  let lastReport = "";
  for (let attempt = 0; ; attempt += 1) {
    try {
      const self = await readSelf(client, signal);
      return await withFirstContacts(new AttachedGoop({ ...options, timings, ...self }), signal);
    } catch (error) {
      signal.throwIfAborted();
      const problem = errorText(error);
      if (problem !== lastReport) options.report(`${problem}; trying again until it answers`);
      lastReport = problem;
      await pause(backoff(timings, attempt), signal);
    }
  }
}

async function withFirstContacts(transport: AttachedGoop, signal: AbortSignal): Promise<AttachedGoop> {
  const close = () => transport.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await transport.pollPeers();
    return transport;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

const backoff = ({ retryMs, longestRetryMs }: GoopTimings, attempt: number): number =>
  Math.min(retryMs * 2 ** Math.min(attempt, 16), longestRetryMs);

const isDown = (error: unknown): boolean => error instanceof GoopError && error.code === "down";

type AttachedOptions = GoopTransportOptions & Self & { readonly timings: GoopTimings };

class AttachedGoop implements GoopTransport {
  readonly selfId: string;
  readonly label: string;
  readonly videoDisabled: boolean;
  readonly unusable: Promise<string>;
  readonly #options: AttachedOptions;
  readonly #closing = new AbortController();
  readonly #signal = this.#closing.signal;
  readonly #incoming: ReplayedMessages;
  readonly #unsentHangups = new Map<string, TransportMessage>();
  readonly #markUnusable: (why: string) => void;
  #listener: HostTransportListener | undefined;
  #isFollowing = false;
  #contacts: Contact[] = [];
  #stream: AbortController | undefined;
  #isLost = false;
  #replayTimer: NodeJS.Timeout | undefined;
  #replayDeadline = 0;
  #peersChanged = Promise.withResolvers<void>();
  #failedPolls = 0;
  readonly #presence: PresenceCorrection;

  constructor(options: AttachedOptions) {
    this.#options = options;
    this.selfId = options.selfId;
    this.label = options.label;
    this.videoDisabled = options.videoDisabled;
    this.#presence = new PresenceCorrection({
      peers: () => this.#contacts.filter(({ reachable }) => reachable).map(({ peerId }) => peerId),
      send: (peerId, videoDisabled) =>
        sendIdentity(options.client, peerId, { ...options, videoDisabled }, this.#signal),
      repeatMs: options.timings.pollSettingsMs,
      published: options.videoDisabled,
    });
    this.#incoming = new ReplayedMessages((message) => this.#listener?.onMessage(message));
    const { promise, resolve } = Promise.withResolvers<string>();
    this.unusable = promise;
    this.#markUnusable = resolve;
  }

  async send(message: TransportMessage): Promise<void> {
    if (isHangup(message)) this.#incoming.noteHangup(message);
    try {
      await this.#post(message);
    } catch (error) {
      if (isHangup(message) && isDown(error)) this.#keepHangup(message);
      throw error;
    }
  }

  contacts(): readonly Contact[] {
    return this.#contacts;
  }

  setAvailability({ videoDisabled }: Availability): void {
    if (!this.#signal.aborted) this.#presence.set(videoDisabled);
  }

  followVideoDisabled(apply: (videoDisabled: boolean) => Promise<void>): void {
    const { client, report, timings, videoDisabled } = this.#options;
    const { pollSettingsMs: pollMs } = timings;
    this.#runLoop(
      followVideoDisabled(videoDisabled, { client, signal: this.#signal, pollMs, report, apply }),
    );
  }

  /** Opens the event stream for the first listener, so that Goop² keeps earlier messages for it. */
  listen(listener: HostTransportListener): () => void {
    this.#listener = listener;
    if (!this.#isFollowing) {
      this.#isFollowing = true;
      this.#runLoop(this.#followEvents());
      this.#runLoop(this.#followPeers());
    }
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  async end(): Promise<void> {
    await this.#presence.end();
    this.close();
  }

  close(): void {
    this.#presence.stop();
    clearTimeout(this.#replayTimer);
    this.#closing.abort(new Error("the bridge ends"));
  }

  /** Keeps the last list when Goop² fails to answer. */
  async pollPeers(): Promise<void> {
    try {
      const contacts = readContacts(await this.#options.client.getJson("/api/peers", this.#signal));
      if (contacts === undefined) throw new GoopError("strange", "/api/peers answered no list");
      this.#failedPolls = 0;
      this.#setContacts(contacts.filter(({ peerId }) => peerId !== this.selfId));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof GoopError)) throw error;
      this.#failedPolls += 1;
      if (this.#failedPolls >= MAX_FAILED_POLLS) this.#stream?.abort(error);
    }
  }

  /** A message may arrive twice after a timeout. Receivers must cope with that anyway. */
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

  #runLoop(loop: Promise<void>): void {
    loop.catch((error: unknown) => {
      if (!this.#signal.aborted) this.#markUnusable(`following Goop² failed: ${errorText(error)}`);
    });
  }

  #setContacts(contacts: Contact[]): void {
    if (JSON.stringify(contacts) === JSON.stringify(this.#contacts)) return;
    this.#contacts = contacts;
    this.#listener?.onContacts();
  }

  async #followPeers(): Promise<void> {
    const { pollPeersMs, peersChangedDelayMs } = this.#options.timings;
    while (!this.#signal.aborted) {
      const isChanged = await Promise.race([
        pause(pollPeersMs, this.#signal).then(() => false),
        this.#peersChanged.promise.then(() => true),
      ]);
      if (isChanged) await pause(peersChangedDelayMs, this.#signal);
      this.#peersChanged = Promise.withResolvers();
      await this.pollPeers();
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

  /** Follows one connection to its end. @returns whether it was established */
  async #followOnce(): Promise<boolean> {
    const stream = new AbortController();
    this.#stream = stream;
    const decoder = new EventStreamDecoder();
    let isConnected = false;
    let why = "Goop² closed the stream";
    try {
      const signal = AbortSignal.any([this.#signal, stream.signal]);
      const response = await this.#options.client.openStream("/api/mq/events", signal);
      this.#beginReplay();
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (const event of decoder.push(chunk)) {
          if (event.event === "connected" && this.#isLost) await this.#onReturn();
          isConnected ||= event.event === "connected";
          this.#onEvent(event);
        }
      }
    } catch (error) {
      // Another connection follows after any failure, except when the transport itself was closed.
      this.#signal.throwIfAborted();
      why = errorText(stream.signal.aborted ? stream.signal.reason : error);
    }
    if (!this.#isLost) {
      this.#options.report(`the events of Goop² are lost (${why}); trying again until they are back`);
    }
    return isConnected;
  }

  /** Goop² may have been restarted, even for another user. */
  async #onReturn(): Promise<void> {
    const { client, report } = this.#options;
    const { selfId, videoDisabled } = await readSelf(client, this.#signal);
    if (selfId !== this.selfId) {
      const now = `Goop² at ${client.origin} is now peer ${selfId}, not ${this.selfId}`;
      this.#markUnusable(`${now}: start the bridge again`);
      this.close();
    }
    this.#signal.throwIfAborted();
    this.#isLost = false;
    report("the events of Goop² are back");
    this.#presence.setPublished(videoDisabled);
    this.#failedPolls = 0;
    this.#peersChanged.resolve();
    const hangups = [...this.#unsentHangups.values()];
    this.#unsentHangups.clear();
    for (const message of hangups) {
      this.send(message).catch((error: unknown) =>
        report(`${message.topic} was not hung up: ${errorText(error)}`),
      );
    }
  }

  #onEvent({ event, data }: ServerEvent): void {
    if (this.#incoming.isReplaying) this.#awaitReplayEnd();
    if (event !== "message") return;
    const goopEvent = readEvent(data);
    if (goopEvent.kind === "message") this.#incoming.receive(goopEvent.message);
    if (goopEvent.kind === "peersChanged") this.#peersChanged.resolve();
  }

  #beginReplay(): void {
    this.#incoming.beginReplay();
    this.#replayDeadline = performance.now() + this.#options.timings.replayMs;
    this.#awaitReplayEnd();
  }

  #awaitReplayEnd(): void {
    clearTimeout(this.#replayTimer);
    const remainingMs = Math.max(0, this.#replayDeadline - performance.now());
    const quietMs = Math.min(this.#options.timings.replayQuietMs, remainingMs);
    this.#replayTimer = setTimeout(() => this.#incoming.endReplay(), quietMs);
  }

  #keepHangup(message: TransportMessage): void {
    if (this.#unsentHangups.size < MAX_UNSENT_HANGUPS)
      this.#unsentHangups.set(`${message.peerId} ${message.topic}`, message);
  }
}
