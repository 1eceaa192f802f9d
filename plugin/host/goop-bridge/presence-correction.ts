// Corrects the presence that Goop² publishes. Goop² reads `video_disabled` when it starts, and publishes that value every 5 s
// until it ends. While calls through the bridge say otherwise, this class sends each reachable peer the right value, again and
// again. Nothing has to be undone: without corrections, peers have Goop²'s own value after its next heartbeat.

/** Sends to one peer. A rejection means that it was not reached. */
type SendToPeer = (peerId: string, videoDisabled: boolean) => Promise<unknown>;

export interface PresenceCorrectionOptions {
  /** The peers that can be reached now. */
  peers(): readonly string[];
  readonly send: SendToPeer;
  /** Pause between two corrections, milliseconds. Goop²'s own value holds from its heartbeat to the next correction. */
  readonly repeatMs: number;
  /** The value that Goop² publishes. */
  readonly published: boolean;
}

/** Corrections at one time. With more peers, each gets fewer of them. */
const MAX_IN_FLIGHT = 16;

export class PresenceCorrection {
  readonly #options: PresenceCorrectionOptions;
  readonly #inFlight = new Map<string, Promise<void>>();
  #published: boolean;
  #wanted: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;
  #firstPeer = 0;

  constructor(options: PresenceCorrectionOptions) {
    this.#options = options;
    this.#published = options.published;
  }

  /** @param videoDisabled what peers are to learn: whether calls to our user are impossible */
  set(videoDisabled: boolean): void {
    this.#wanted = videoDisabled;
    this.#update();
  }

  /** Goop² has started again and publishes this value. */
  setPublished(videoDisabled: boolean): void {
    this.#published = videoDisabled;
    this.#update();
  }

  /** Gives peers Goop²'s own value back. Resolves when every peer has it, or was not reached. */
  async end(): Promise<void> {
    const isCorrecting = this.#timer !== undefined;
    this.stop();
    if (isCorrecting) await Promise.all(this.#sendLast(this.#published));
  }

  /** Sends nothing any more. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
  }

  #update(): void {
    if (this.#wanted === undefined) return;
    const isNeeded = this.#wanted !== this.#published;
    if (isNeeded) this.#sendAll(this.#wanted);
    // Repeats what Goop² publishes, so that peers need not wait for its heartbeat.
    else if (this.#timer) void this.#sendLast(this.#wanted);
    clearInterval(this.#timer);
    const repeat = () => this.#sendAll(this.#wanted ?? this.#published);
    this.#timer = isNeeded ? setInterval(repeat, this.#options.repeatMs).unref() : undefined;
  }

  #sendAll(videoDisabled: boolean): void {
    const peers = this.#options.peers();
    const start = peers.length === 0 ? 0 : this.#firstPeer % peers.length;
    let sent = 0;
    for (const peerId of [...peers.slice(start), ...peers.slice(0, start)]) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) break;
      if (this.#inFlight.has(peerId)) continue;
      void this.#send(peerId, videoDisabled);
      sent += 1;
    }
    this.#firstPeer = start + sent;
  }

  /** After any correction that is under way, which would otherwise arrive last. */
  #sendLast(videoDisabled: boolean): Promise<unknown>[] {
    return this.#options
      .peers()
      .slice(0, MAX_IN_FLIGHT)
      .map(async (peerId) => {
        await this.#inFlight.get(peerId);
        await this.#send(peerId, videoDisabled);
      });
  }

  #send(peerId: string, videoDisabled: boolean): Promise<void> {
    // A peer that was not reached gets the next correction.
    const sending = this.#options
      .send(peerId, videoDisabled)
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#inFlight.delete(peerId));
    this.#inFlight.set(peerId, sending);
    return sending;
  }
}
