// One connection of libwebrtc: offers, answers, candidates, and the order of closing. It never reads localDescription,
// which races with the engine's thread (README.md). It sends the results of createOffer and createAnswer, with the
// candidates that were gathered in time. All candidates also trickle.

import type { VideoFrame } from "../../native/types.ts";
import type { Candidate } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { lookUpLocalName } from "../common/local-names.ts";
import { SentVideo } from "./bandwidth/sent-video.ts";
import { CandidateBuffer, type CandidateCounts, type CandidateInit } from "./candidate-buffer.ts";
import {
  candidateSections,
  type EngineCodecs,
  type UsableDescription,
  withUsableSections,
} from "./codecs.ts";
import { ConnectionStateObserver } from "./connection-state.ts";
import { withEngineDeadline } from "./engine-deadline.ts";
import { checkFrame } from "./media-checks.ts";
import { LocalCandidates } from "./own-candidates/local-candidates.ts";
import { UsefulCandidates } from "./own-candidates/useful-candidates.ts";
import { CandidateDelivery } from "./path/candidate-delivery.ts";
import { attempt, type EngineParts, toWrtcServer } from "./path/engine-terms.ts";
import { PathSearch } from "./path/path-search.ts";
import type {
  ConnectionState,
  NegotiatedDirections,
  Peer,
  PeerCallbacks,
  PeerOptions,
  SoundPacketKind,
  VideoContent,
} from "./peer.ts";
import { type OfferOptions, PeerError, type PeerStatistics } from "./peer.ts";
import { relayedCandidate, withRelayedOnly } from "./relay-only.ts";
import { candidateView, withCandidatesThat } from "./remote-candidates.ts";
import {
  directionsNegotiatedBy,
  withCandidates,
  withReceiverEstimate,
  withSoundPackets,
  withVideoCeiling,
} from "./session-description.ts";
import { NO_STATISTICS, readStatistics, withUprightSize } from "./statistics.ts";
import { WrtcLocalMedia } from "./wrtc-local-media.ts";
import { WrtcRemoteMedia } from "./wrtc-remote-media.ts";
import type { WrtcConnection, WrtcDescription, WrtcModule } from "./wrtc-types.ts";

/** The engine answers in 1 to 30 ms. This limit detects a stuck engine well before the call's own timeouts. */
const ENGINE_DEADLINE_MS = 5000;
/** The pacer sends a frame at 2.5 times the estimate, so an estimate above the limit of the video shortens its delay. */
const ENOUGH_SHARE = 2;

/** The constructor throws the engine's errors about the configuration. wrtc-engine.ts wraps them. */
export class WrtcPeer implements Peer {
  readonly #connection: WrtcConnection;
  readonly #local: WrtcLocalMedia;
  readonly #remote: WrtcRemoteMedia;
  readonly #candidates: CandidateBuffer;
  readonly #codecs: EngineCodecs;
  readonly #callbacks: PeerCallbacks;
  readonly #options: PeerOptions;
  readonly #own = new LocalCandidates();
  readonly #delivery: CandidateDelivery;
  readonly #search: PathSearch;
  readonly #tunnels: EngineParts["tunnels"];
  /** Of the newest description. */
  #useful: UsefulCandidates;
  readonly #video: SentVideo;
  readonly #state: ConnectionStateObserver;
  readonly #closed = new AbortController();
  #negotiating: string | null = null;
  #lastStatistics = NO_STATISTICS;
  /** As the remote side wrote it. */
  #lastRemote: WrtcDescription | null = null;
  #soundPackets: SoundPacketKind = "short";
  #soundChange: Promise<void> = Promise.resolve();
  #negotiatedDirections: NegotiatedDirections | null = null;
  /** Where the candidates of rejected sections go, by mid and by index. */
  #candidateSections: ReadonlyMap<string | number, string> = new Map();

  constructor(
    wrtc: WrtcModule,
    { codecs, tunnels }: EngineParts,
    options: PeerOptions,
    callbacks: PeerCallbacks,
  ) {
    this.#callbacks = callbacks;
    this.#codecs = codecs;
    this.#tunnels = tunnels;
    this.#options = options;
    this.#useful = new UsefulCandidates(options.placeOfPeer());
    this.#connection = new wrtc.RTCPeerConnection({
      iceServers: tunnels.iceServers.map(toWrtcServer),
      iceTransportPolicy: options.relayOnly ? "relay" : "all",
    });
    this.#local = new WrtcLocalMedia(wrtc);
    this.#remote = new WrtcRemoteMedia(wrtc, callbacks);
    this.#video = new SentVideo({
      local: this.#local,
      estimateBps: async () => (await this.statistics()).availableSendBps,
      enoughBps: ENOUGH_SHARE * options.maxVideoBitrateBps,
    });
    this.#delivery = new CandidateDelivery((candidate) => callbacks.onCandidate(candidate));
    this.#search = new PathSearch({
      tunnels,
      iceServers: options.iceServers,
      relayOnly: options.relayOnly ?? false,
      onTrouble: (detail) => callbacks.onPathTrouble(detail),
      onHopeless: () => this.#onState("failed"),
    });
    this.#candidates = new CandidateBuffer({
      apply: (init) =>
        this.#engine("addIceCandidate", this.#connection.addIceCandidate(this.#withLiveSection(init))),
      view: () => candidateView(options.placeOfPeer()),
      onRefused: () => callbacks.onRefused("candidate"),
      lookUp: options.lookUp ?? lookUpLocalName,
    });
    this.#state = new ConnectionStateObserver(this.#connection, (state) => this.#onState(state));
    this.#listen();
  }

  /** The counts of remote candidates. */
  get candidateCounts(): CandidateCounts {
    return this.#candidates.counts();
  }

  createOffer({ iceRestart = false, holdsCandidates = true }: OfferOptions = {}): Promise<string> {
    return this.#negotiate("createOffer", ["stable", "have-local-offer"], async () => {
      this.#local.attachForOffer(this.#connection, this.#options.maxVideoBitrateBps);
      const offer = await this.#engine("createOffer", this.#connection.createOffer({ iceRestart }));
      return this.#applyOwn(offer, holdsCandidates ? this.#options.gatherMs : 0);
    });
  }

  answerOffer(sdp: string): Promise<string> {
    return this.#negotiate("answerOffer", ["stable", "have-local-offer"], async () => {
      const usable = withUsableSections(sdp, this.#codecs);
      await this.#rollBackOwnOffer();
      this.#local.prepareForAnswer(this.#connection);
      await this.#setRemote({ type: "offer", sdp: withReceiverEstimate(usable.sdp) });
      const former = this.#negotiatedDirections;
      try {
        this.#local.attachForAnswer(this.#connection);
        const answer = await this.#engine("createAnswer", this.#connection.createAnswer());
        this.#keepNegotiated(answer.sdp, usable, true);
        return await this.#applyOwn(answer, this.#options.gatherMs);
      } catch (cause) {
        this.#restoreNegotiated(former);
        await this.#rollBackRemoteOffer();
        throw cause;
      }
    });
  }

  acceptAnswer(sdp: string): Promise<void> {
    return this.#negotiate("acceptAnswer", ["have-local-offer"], async () => {
      const usable = withUsableSections(sdp, this.#codecs);
      await this.#setRemote({ type: "answer", sdp: usable.sdp });
      this.#keepNegotiated(usable.sdp, usable, false);
    });
  }

  async setSoundPackets(kind: SoundPacketKind): Promise<void> {
    const former = this.#soundPackets;
    const change = this.#negotiate("setSoundPackets", ["stable"], async () => {
      const remote = this.#lastRemote;
      if (remote === null) throw new PeerError("setSoundPackets: nothing was negotiated yet");
      this.#soundPackets = kind;
      try {
        await this.#applyAgain(remote);
      } catch (cause) {
        this.#soundPackets = former;
        await this.#rollBackOwnOffer();
        await this.#rollBackRemoteOffer();
        throw cause;
      }
    });
    // A real negotiation must not fail because of this one, so it waits.
    this.#soundChange = change.catch(() => undefined);
    await change;
  }

  addCandidate(candidate: Candidate): void {
    if (this.#signal.aborted) return;
    this.#candidates.add(candidate);
    this.#search.addRemote(candidate);
  }

  sendVideo(frame: VideoFrame): void {
    if (this.#signal.aborted) return;
    checkFrame(frame);
    this.#video.send(frame);
  }

  async setVideoContent(content: VideoContent): Promise<void> {
    if (this.#signal.aborted) return;
    this.#video.setContent(content);
    await this.#local.setVideoContent(content, this.#connection);
  }

  sendAudio(block: Int16Array): void {
    if (!this.#signal.aborted) this.#local.sendAudio(block);
  }

  setAudioReceiving(isReceiving: boolean): void {
    this.#remote.setAudioReceiving(isReceiving);
  }

  negotiatedDirections(): NegotiatedDirections | null {
    return this.#negotiatedDirections;
  }

  /** After close, returns the last figures. @throws PeerError when the engine does not answer */
  async statistics(): Promise<PeerStatistics> {
    if (!this.#signal.aborted) {
      const read = readStatistics(await this.#engine("getStats", this.#connection.getStats()));
      this.#lastStatistics = withUprightSize(this.#video.ownOf(read), this.#remote.rotation);
    }
    return this.#lastStatistics;
  }

  close(): void {
    if (this.#signal.aborted) return;
    this.#closed.abort();
    this.#video.stop();
    this.#search.close();
    this.#connection.onicecandidate = null;
    this.#connection.onicecandidateerror = null;
    this.#connection.ontrack = null;
    this.#state.close();
    this.#candidates.close();
    this.#delivery.close();
    // Sinks and tracks are stopped before the connection, because a running one keeps the process alive.
    for (const step of [this.#remote, this.#local]) attempt(() => step.stop());
    attempt(() => this.#connection.close());
    this.#tunnels.close();
  }

  get #signal(): AbortSignal {
    return this.#closed.signal;
  }

  #listen(): void {
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) {
        this.#own.complete();
        setImmediate(() => this.#search.gathered()); // the candidates may come after this
      }
      // An empty text marks the end of a generation's candidates. Peers do not need it, because ours trickle until the end.
      else if (candidate.candidate) {
        this.#addLocalCandidate({
          candidate: candidate.candidate,
          sdpMid: candidate.sdpMid,
          sdpMLineIndex: candidate.sdpMLineIndex,
          usernameFragment: candidate.usernameFragment,
        });
      }
    };
    this.#connection.onicecandidateerror = (error) => this.#search.addError(error);
    this.#connection.ontrack = ({ track }) => this.#remote.add(track);
  }

  #addLocalCandidate(found: Candidate): void {
    const candidate = this.#options.relayOnly ? relayedCandidate(found) : found;
    if (this.#signal.aborted || candidate === null || !this.#useful.includes(candidate.candidate)) return;
    this.#own.add(candidate);
    this.#search.addOwn(candidate.candidate);
    this.#delivery.add(candidate);
  }

  #onState(state: ConnectionState): void {
    this.#search.stateChanged(state);
    this.#startProbe();
    this.#callbacks.onConnectionState(state);
  }

  /** Runs one negotiation at a time, and only in the allowed signalling states (W3C webrtc-pc section 4.3.1). */
  async #negotiate<T>(operation: string, allowed: string[], work: () => Promise<T>): Promise<T> {
    await this.#soundChange;
    if (this.#signal.aborted) throw new PeerError(`${operation}: the peer was closed`);
    if (this.#negotiating !== null)
      throw new PeerError(`${operation}: ${this.#negotiating} is still in progress`);
    const state = this.#connection.signalingState;
    if (!allowed.includes(state)) {
      throw new PeerError(`${operation}: the signalling state is ${state}; expected ${allowed.join(" or ")}`);
    }
    this.#negotiating = operation;
    this.#delivery.hold();
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof PeerError
        ? cause
        : new PeerError(`${operation}: ${errorText(cause)}`, { cause });
    } finally {
      this.#negotiating = null;
      setImmediate(() => this.#delivery.release());
    }
  }

  #engine<T>(operation: string, work: Promise<T>): Promise<T> {
    return withEngineDeadline(operation, work, ENGINE_DEADLINE_MS, this.#signal);
  }

  #setLocal(description: WrtcDescription): Promise<void> {
    return this.#engine("setLocalDescription", this.#connection.setLocalDescription(description));
  }

  /** @returns the description to send */
  async #applyOwn(description: WrtcDescription, gatherMs: number): Promise<string> {
    if (this.#own.describedBy(description.sdp)) {
      this.#useful = new UsefulCandidates(this.#options.placeOfPeer());
      this.#search.begin();
    }
    await this.#setLocal(description);
    await this.#own.gathered(gatherMs, this.#signal);
    const useful = withCandidatesThat((line) => this.#useful.includes(line), description.sdp);
    const sdp = this.#options.relayOnly ? withRelayedOnly(useful) : useful;
    return withCandidates(sdp, this.#own.found());
  }

  async #setRemote(description: WrtcDescription): Promise<void> {
    const sdp = this.#local.hasVideoCeiling
      ? description.sdp
      : withVideoCeiling(description.sdp, this.#options.maxVideoBitrateBps);
    const { type } = description;
    const filtered = this.#candidates.filter(withSoundPackets(sdp, this.#soundPackets));
    const set = this.#connection.setRemoteDescription({ type, sdp: filtered });
    await this.#engine(`the remote ${type} was refused`, set);
    // Its candidates are known by now, and count once.
    this.#lastRemote = { type, sdp: withCandidatesThat(() => false, description.sdp) };
    this.#search.describedBy(sdp);
    this.#candidateSections = candidateSections(sdp);
    this.#candidates.describedBy(sdp);
  }

  /**
   * The engine takes the packets' length from the remote description only, so the last one is applied again. The exchange stays
   * within this engine: the other half is our own unchanged description.
   */
  async #applyAgain({ type, sdp }: WrtcDescription): Promise<void> {
    if (type === "offer") {
      await this.#setRemote({ type, sdp });
      await this.#setLocal(await this.#engine("createAnswer", this.#connection.createAnswer()));
    } else {
      await this.#setLocal(await this.#engine("createOffer", this.#connection.createOffer()));
      await this.#setRemote({ type, sdp });
    }
  }

  #keepNegotiated(answer: string, { videoRefused }: UsableDescription, isOurs: boolean): void {
    this.#negotiatedDirections = {
      ...directionsNegotiatedBy(answer, isOurs),
      ...(videoRefused === null ? {} : { videoRefused }),
    };
    if (!this.#signal.aborted) this.#callbacks.onNegotiated(this.#negotiatedDirections);
    this.#startProbe();
  }

  #restoreNegotiated(former: NegotiatedDirections | null): void {
    if (this.#negotiatedDirections === former) return;
    this.#negotiatedDirections = former;
    if (former !== null && !this.#signal.aborted) this.#callbacks.onNegotiated(former);
  }

  /** The connection may stand before its answer is complete. */
  #startProbe(): void {
    if (this.#state.state === "connected" && this.#negotiatedDirections?.video.sends) this.#video.start();
  }

  /** The engine ignores candidates of rejected sections. */
  #withLiveSection(init: CandidateInit): CandidateInit {
    const mid = this.#candidateSections.get(init.sdpMid || (init.sdpMLineIndex ?? ""));
    if (mid === undefined) return init;
    const { sdpMLineIndex: _, ...rest } = init;
    return { ...rest, sdpMid: mid };
  }

  /** Glare: a caller of answerOffer has decided that the remote offer wins. */
  async #rollBackOwnOffer(): Promise<void> {
    if (this.#connection.signalingState === "have-local-offer") {
      await this.#setLocal({ type: "rollback", sdp: "" });
    }
  }

  async #rollBackRemoteOffer(): Promise<void> {
    if (this.#signal.aborted || this.#connection.signalingState !== "have-remote-offer") return;
    const rollback = this.#connection.setRemoteDescription({ type: "rollback", sdp: "" });
    await this.#engine("rolling back the remote offer", rollback);
  }
}
