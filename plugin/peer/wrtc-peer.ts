// One connection of libwebrtc: offers, answers, candidates, and the order of closing. It never reads localDescription,
// which races with the engine's thread (README.md). It sends the results of createOffer and createAnswer, with the
// candidates that were gathered in time. All candidates also trickle.

import type { VideoFrame } from "../../native/types.ts";
import type { Candidate } from "../../rpc-schema/index.ts";
import { lookUpLocalName } from "../common/local-names.ts";
import { EstimateChoice } from "./bandwidth/estimate-choice.ts";
import { SentVideo } from "./bandwidth/sent-video.ts";
import { CandidateBuffer, type CandidateCounts, type CandidateInit } from "./candidate-buffer.ts";
import {
  candidateSections,
  type EngineCodecs,
  type UsableDescription,
  withUsableSections,
} from "./codecs.ts";
import { ConnectionStateObserver } from "./connection-state.ts";
import { checkFrame } from "./media-checks.ts";
import { EngineCalls } from "./negotiation/engine-calls.ts";
import { NegotiationTurns } from "./negotiation/negotiation-turns.ts";
import { type SentTerms, searchLimits, withSentTerms } from "./negotiation/sent-terms.ts";
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
  hasTransportFeedback,
  withCandidates,
  withOfferedNumbers,
} from "./session-description.ts";
import { NO_STATISTICS, readStatistics, withinLimit, withUprightSize } from "./statistics.ts";
import { WrtcLocalMedia } from "./wrtc-local-media.ts";
import { WrtcRemoteMedia } from "./wrtc-remote-media.ts";
import type { WrtcConnection, WrtcDescription, WrtcModule } from "./wrtc-types.ts";

/** The pacer sends a frame at 2.5 times the estimate, so an estimate above the limit of the video shortens its delay. */
const ENOUGH_SHARE = 2;

/** The constructor throws the engine's errors about the configuration. wrtc-engine.ts wraps them. */
export class WrtcPeer implements Peer {
  readonly #connection: WrtcConnection;
  readonly #engine: EngineCalls;
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
  readonly #turns: NegotiationTurns;
  #lastStatistics = NO_STATISTICS;
  /** As the remote side wrote it. */
  #lastRemote: WrtcDescription | null = null;
  /** Until the path is known: what is sent meanwhile must not become part of the sender's estimate. */
  #terms: SentTerms = { soundPackets: "short", estimator: "receiver", videoBps: null };
  readonly #estimate: EstimateChoice;
  #isSearchable = false;
  #isStarted = false;
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
    this.#engine = new EngineCalls(this.#connection, this.#signal);
    this.#local = new WrtcLocalMedia(wrtc);
    this.#remote = new WrtcRemoteMedia(wrtc, callbacks);
    this.#video = new SentVideo({
      local: this.#local,
      estimateBps: async () => (await this.statistics()).availableSendBps,
      enoughBps: ENOUGH_SHARE * options.maxVideoBitrateBps,
    });
    this.#estimate = new EstimateChoice({
      roundTripMs: async () => (await this.statistics()).roundTripMs,
      signal: this.#signal,
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
      apply: (init) => this.#engine.addCandidate(this.#withLiveSection(init)),
      view: () => candidateView(options.placeOfPeer()),
      onRefused: () => callbacks.onRefused("candidate"),
      lookUp: options.lookUp ?? lookUpLocalName,
    });
    this.#turns = new NegotiationTurns({
      signal: this.#signal,
      signalingState: () => this.#connection.signalingState,
      onBegin: () => this.#delivery.hold(),
      onEnd: () => void setImmediate(() => this.#delivery.release()),
    });
    this.#state = new ConnectionStateObserver(this.#connection, (state) => this.#onState(state));
    this.#listen();
  }

  /** The counts of remote candidates. */
  get candidateCounts(): CandidateCounts {
    return this.#candidates.counts();
  }

  createOffer({ iceRestart = false, holdsCandidates = true }: OfferOptions = {}): Promise<string> {
    return this.#turns.take("createOffer", ["stable", "have-local-offer"], async () => {
      this.#local.attachForOffer(this.#connection, this.#options.maxVideoBitrateBps);
      const offer = await this.#engine.createOffer(iceRestart);
      return this.#applyOwn(offer, holdsCandidates ? this.#options.gatherMs : 0);
    });
  }

  answerOffer(sdp: string): Promise<string> {
    return this.#turns.take("answerOffer", ["stable", "have-local-offer"], async () => {
      const usable = withUsableSections(sdp, this.#codecs);
      // Glare: the caller has decided that the remote offer wins.
      await this.#engine.rollBackOwnOffer();
      this.#local.prepareForAnswer(this.#connection);
      const offer = { type: "offer", sdp: usable.sdp } as const;
      await this.#setRemote(offer);
      const former = this.#negotiatedDirections;
      try {
        this.#local.attachForAnswer(this.#connection);
        const answer = await this.#createAnswer(usable.sdp);
        this.#keepNegotiated(answer.sdp, usable, true);
        return await this.#applyOwn(answer, this.#options.gatherMs);
      } catch (cause) {
        this.#restoreNegotiated(former);
        await this.#engine.rollBackRemoteOffer();
        throw cause;
      }
    });
  }

  acceptAnswer(sdp: string): Promise<void> {
    return this.#turns.take("acceptAnswer", ["have-local-offer"], async () => {
      const usable = withUsableSections(sdp, this.#codecs);
      await this.#setRemote({ type: "answer", sdp: usable.sdp });
      this.#keepNegotiated(usable.sdp, usable, false);
    });
  }

  get soundPackets(): SoundPacketKind {
    return this.#terms.soundPackets;
  }

  setSoundPackets(kind: SoundPacketKind): Promise<void> {
    return this.#changeTerms("setSoundPackets", () => ({ soundPackets: kind }));
  }

  async searchBandwidth(bps: number): Promise<void> {
    if (!this.#isSearchable) return;
    const mustRise = this.#local.hasVideoCeiling && this.#video.isFlowing;
    for (const videoBps of searchLimits(bps, this.#terms.videoBps, mustRise))
      await this.#changeTerms("searchBandwidth", () => ({ videoBps }));
    this.#video.search();
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
      const read = readStatistics(await this.#engine.statistics());
      const isSearchable = this.#isSearchable;
      const own = withinLimit({ ...this.#video.ownOf(read), isSearchable }, this.#terms.videoBps);
      this.#lastStatistics = withUprightSize(own, this.#remote.rotation);
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
    this.#connection.oniceconnectionstatechange = null;
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
    this.#connection.oniceconnectionstatechange = () => {
      if (!this.#options.estimator) this.#estimate.iceStateChanged(this.#connection.iceConnectionState);
    };
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
    this.#startSending();
    this.#callbacks.onConnectionState(state);
  }

  /** @returns the description to send */
  async #applyOwn(description: WrtcDescription, gatherMs: number): Promise<string> {
    if (this.#own.describedBy(description.sdp)) {
      this.#useful = new UsefulCandidates(this.#options.placeOfPeer());
      this.#search.begin();
    }
    await this.#engine.setLocal(description);
    await this.#own.gathered(gatherMs, this.#signal);
    const useful = withCandidatesThat((line) => this.#useful.includes(line), description.sdp);
    const sdp = this.#options.relayOnly ? withRelayedOnly(useful) : useful;
    return withCandidates(sdp, this.#own.found());
  }

  async #setRemote({ type, sdp }: WrtcDescription): Promise<void> {
    const filtered = this.#candidates.filter(this.#withTerms(sdp));
    await this.#engine.setRemote({ type, sdp: filtered });
    this.#isSearchable = hasTransportFeedback(filtered);
    // Its candidates are known by now, and count once.
    this.#lastRemote = { type, sdp: withCandidatesThat(() => false, sdp) };
    this.#search.describedBy(sdp);
    this.#candidateSections = candidateSections(sdp);
    this.#candidates.describedBy(sdp);
  }

  #withTerms(sdp: string): string {
    const ownBps = this.#local.hasVideoCeiling ? null : this.#options.maxVideoBitrateBps;
    return withSentTerms(sdp, { ...this.#terms, videoBps: this.#terms.videoBps ?? ownBps });
  }

  /** The exchange stays within this engine: the other half is our own unchanged description. */
  async #changeTerms(operation: string, change: (terms: SentTerms) => Partial<SentTerms>): Promise<void> {
    await this.#turns.change(operation, async () => {
      const remote = this.#lastRemote;
      if (remote === null) throw new PeerError(`${operation}: nothing was negotiated yet`);
      const former = this.#terms;
      this.#terms = { ...former, ...change(former) };
      try {
        await this.#applyAgain(remote);
      } catch (cause) {
        this.#terms = former;
        await this.#engine.rollBackOwnOffer();
        await this.#engine.rollBackRemoteOffer();
        throw cause;
      }
    });
  }

  async #applyAgain({ type, sdp }: WrtcDescription): Promise<void> {
    if (type === "offer") {
      await this.#setRemote({ type, sdp });
      await this.#engine.setLocal(await this.#createAnswer(sdp));
    } else {
      await this.#engine.setLocal(await this.#engine.createOffer());
      await this.#setRemote({ type, sdp });
    }
  }

  /** Allows the other side both estimators, as it offered. The engine got the offer with the one that we chose (README.md). */
  async #createAnswer(offer: string): Promise<WrtcDescription> {
    const { type, sdp } = await this.#engine.createAnswer();
    return { type, sdp: withOfferedNumbers(sdp, offer) };
  }

  #keepNegotiated(answer: string, { videoRefused }: UsableDescription, isOurs: boolean): void {
    this.#negotiatedDirections = {
      ...directionsNegotiatedBy(answer, isOurs),
      ...(videoRefused === null ? {} : { videoRefused }),
    };
    if (!this.#signal.aborted) this.#callbacks.onNegotiated(this.#negotiatedDirections);
    this.#startSending();
  }

  #restoreNegotiated(former: NegotiatedDirections | null): void {
    if (this.#negotiatedDirections === former) return;
    this.#negotiatedDirections = former;
    if (former !== null && !this.#signal.aborted) this.#callbacks.onNegotiated(former);
  }

  /** The connection may stand before its answer is complete. */
  #startSending(): void {
    const mayStart = this.#state.state === "connected" && this.#negotiatedDirections?.video.sends === true;
    if (!mayStart || this.#isStarted) return;
    this.#isStarted = true;
    void this.#chooseEstimator().then(() => this.#video.start(this.#isSearchable ? "sender" : "receiver"));
  }

  async #chooseEstimator(): Promise<void> {
    const estimator = this.#options.estimator ?? (await this.#estimate.made());
    try {
      // Short packets would fill a narrow link before it is measured.
      if (estimator === "sender")
        await this.#changeTerms("estimator", () => ({ estimator, soundPackets: "long" }));
    } catch {
      // Closed meanwhile, or the engine refused. Then the receiver goes on to estimate.
    }
  }

  /** The engine ignores candidates of rejected sections. */
  #withLiveSection(init: CandidateInit): CandidateInit {
    const mid = this.#candidateSections.get(init.sdpMid || (init.sdpMLineIndex ?? ""));
    if (mid === undefined) return init;
    const { sdpMLineIndex: _, ...rest } = init;
    return { ...rest, sdpMid: mid };
  }
}
