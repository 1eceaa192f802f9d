// A peer engine without a network or a clock. Two fakes of one process find each other by the ids in their descriptions. It keeps
// the contract of the real engine (test/contract/peer.contract.ts) and fails on demand.

import { createHash } from "node:crypto";
import { uprightSize, type VideoFrame } from "../../../native/types.ts";
import { CandidateBuffer, type CandidateCounts } from "../../../plugin/peer/candidate-buffer.ts";
import {
  type EngineCodecs,
  type UsableDescription,
  withUsableSections,
} from "../../../plugin/peer/codecs.ts";
import { checkBlock, checkFrame, SEND_SAMPLE_RATE } from "../../../plugin/peer/media-checks.ts";
import type {
  ConnectionState,
  NegotiatedDirections,
  Peer,
  PeerCallbacks,
  PeerEngine,
  PeerOptions,
  PeerStatistics,
  SoundPacketKind,
  VideoContent,
} from "../../../plugin/peer/peer.ts";
import { PeerError } from "../../../plugin/peer/peer.ts";
import { candidateView } from "../../../plugin/peer/remote-candidates.ts";
import {
  directionsNegotiatedBy,
  usernameFragments,
  withCandidates,
} from "../../../plugin/peer/session-description.ts";
import { NO_STATISTICS } from "../../../plugin/peer/statistics.ts";
import type { Candidate } from "../../../rpc-schema/index.ts";

/** Tests may switch each fault at any time, for the operations that follow. */
export interface FakePeerFaults {
  cannotLoad: boolean;
  refusesDescriptions: boolean;
  neverConnects: boolean;
  /** Every negotiation step stays pending forever. */
  neverAnswers: boolean;
}

export interface FakePeerEngine extends PeerEngine {
  readonly faults: FakePeerFaults;
  /** Every peer that was created, in order, including closed ones. */
  readonly peers: FakePeer[];
}

type Kind = "audio" | "video";
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const livePeers = new Map<string, FakePeer>();
let nextId = 1;

export function createFakePeerEngine(): FakePeerEngine {
  const faults: FakePeerFaults = {
    cannotLoad: false,
    refusesDescriptions: false,
    neverConnects: false,
    neverAnswers: false,
  };
  const peers: FakePeer[] = [];
  return {
    faults,
    peers,
    async createPeer(options, callbacks) {
      if (faults.cannotLoad) throw new PeerError("cannot load the fake engine: set to fail");
      const peer = new FakePeer(faults, options, callbacks);
      peers.push(peer);
      return peer;
    },
  };
}

const ANSWERS: Record<string, string> = { sendonly: "recvonly", recvonly: "sendonly", inactive: "inactive" };

const REJECTED = "rejected";
/** Of a peer's first candidate; the next generations have the next ports. */
const FIRST_PORT = 50_000;
const CODECS: EngineCodecs = {
  audio: new Map([
    ["opus/48000/2", "opus"],
    ["pcmu/8000/1", "PCMU"],
  ]),
  video: new Map([["vp8/90000/1", "VP8"]]),
};

/** The kinds in an offer, each answered with every direction that the offer allows. */
function answerTo(offer: string): Partial<Record<Kind, string>> {
  const sections = offer.split(/^(?=m=)/m).filter((section) => /^m=(audio|video) \d/.test(section));
  const answers = sections.map((section) => {
    if (/^m=\w+ 0 /.test(section)) return [section.startsWith("m=audio") ? "audio" : "video", REJECTED];
    const direction = /^a=(sendonly|recvonly|inactive)\s*$/m.exec(section)?.[1] ?? "sendrecv";
    return [section.startsWith("m=audio") ? "audio" : "video", ANSWERS[direction] ?? "sendrecv"];
  });
  return Object.fromEntries(answers);
}

/** 32 bytes, as RFC 8122 writes them. */
function fingerprintOf(id: string): string {
  const hex = createHash("sha256").update(id).digest("hex").toUpperCase();
  return hex.replace(/(..)(?=.)/g, "$1:");
}

export class FakePeer implements Peer {
  readonly options: PeerOptions;
  readonly id = `fake${nextId++}`;
  /** Each connection has a certificate of its own. */
  readonly #fingerprint = fingerprintOf(this.id);
  readonly #faults: FakePeerFaults;
  readonly #callbacks: PeerCallbacks;
  readonly #candidates = new CandidateBuffer({
    apply: async (init) => this.#addRemote(init.candidate),
    view: () => candidateView(this.options.placeOfPeer()),
    onRefused: () => this.#callbacks.onRefused("candidate"),
    lookUp: async () => [],
  });
  readonly #figures: Mutable<PeerStatistics> = { ...NO_STATISTICS };
  #signalling: "stable" | "have-local-offer" = "stable";
  #generation = 0;
  #isAudioWanted = true;
  /** Increases with every description, as RFC 8829, section 5.2.2 requires. */
  #descriptionVersion = 0;
  /** The result of the newest exchange, from this side. */
  #negotiated: NegotiatedDirections | null = null;
  #remoteId: string | null = null;
  #isReachable = false;
  #state: ConnectionState = "new";
  isClosed = false;
  soundPackets: SoundPacketKind = "short";
  /** The bit rates that were searched for, in order. */
  readonly searches: number[] = [];
  /** Frames that were given to it. */
  sentFrames = 0;
  /** What the frames were set to show, in order. */
  readonly videoContents: VideoContent[] = [];

  constructor(faults: FakePeerFaults, options: PeerOptions, callbacks: PeerCallbacks) {
    this.#faults = faults;
    this.options = options;
    this.#callbacks = callbacks;
    livePeers.set(this.id, this);
  }

  get connectionState(): ConnectionState {
    return this.#state;
  }

  get candidateCounts(): CandidateCounts {
    return this.#candidates.counts();
  }

  async createOffer(options: { iceRestart?: boolean } = {}): Promise<string> {
    await this.#requireNegotiable("createOffer");
    if (options.iceRestart === true) this.#newGeneration();
    this.#signalling = "have-local-offer";
    this.#trickle();
    return this.#describe({ audio: "sendrecv", video: "sendrecv" });
  }

  async answerOffer(sdp: string): Promise<string> {
    await this.#requireNegotiable("answerOffer");
    const before = this.#remoteId;
    const usable = withUsableSections(sdp, CODECS);
    this.#setRemote("offer", usable.sdp);
    const answer = this.#describe(answerTo(usable.sdp));
    this.#keepNegotiated(answer, usable, true);
    if (before !== null && !this.#isReachable) this.#generation++;
    this.#signalling = "stable";
    this.#trickle();
    setImmediate(() => this.#tryConnect());
    return answer;
  }

  async acceptAnswer(sdp: string): Promise<void> {
    await this.#requireNegotiable("acceptAnswer");
    if (this.#signalling !== "have-local-offer") {
      throw new PeerError("acceptAnswer: the signalling state is stable; expected have-local-offer");
    }
    const usable = withUsableSections(sdp, CODECS);
    this.#setRemote("answer", usable.sdp);
    this.#keepNegotiated(usable.sdp, usable, false);
    this.#signalling = "stable";
    setImmediate(() => this.#tryConnect());
  }

  addCandidate(candidate: Candidate): void {
    if (!this.isClosed) this.#candidates.add(candidate);
  }

  sendVideo(frame: VideoFrame): void {
    if (this.isClosed) return;
    checkFrame(frame);
    this.sentFrames += 1;
    const copy = { ...frame, data: frame.data.slice() };
    this.#deliver("video", frame.data.byteLength, (far) => far.#receiveVideo(copy));
  }

  sendAudio(block: Int16Array): void {
    if (this.isClosed) return;
    checkBlock(block);
    const copy = block.slice();
    this.#deliver("audio", block.byteLength, (far) => far.#receiveAudio(copy));
  }

  setAudioReceiving(isReceiving: boolean): void {
    this.#isAudioWanted = isReceiving;
  }

  async setVideoContent(content: VideoContent): Promise<void> {
    this.videoContents.push(content);
  }

  async setSoundPackets(kind: SoundPacketKind): Promise<void> {
    await this.#requireNegotiable("setSoundPackets");
    if (this.#signalling !== "stable")
      throw new PeerError(`setSoundPackets: the signalling state is ${this.#signalling}; expected stable`);
    if (this.#negotiated === null) throw new PeerError("setSoundPackets: nothing was negotiated yet");
    this.soundPackets = kind;
  }

  async searchBandwidth(bps: number): Promise<void> {
    this.searches.push(bps);
  }

  negotiatedDirections(): NegotiatedDirections | null {
    return this.#negotiated;
  }

  async statistics(): Promise<PeerStatistics> {
    return { ...this.#figures, isRelayed: this.#state === "new" ? null : this.options.relayOnly === true };
  }

  close(): void {
    this.isClosed = true;
    this.#candidates.close();
    livePeers.delete(this.id);
  }

  /** Simulates the loss of the path. An ICE restart by either side restores it. */
  disconnect(): void {
    this.#lose("disconnected");
  }

  fail(): void {
    this.#lose("failed");
  }

  /** Restores the path without an ICE restart. */
  recover(): void {
    this.#isReachable = true;
    this.#tryConnect();
  }

  #lose(state: "disconnected" | "failed"): void {
    this.#isReachable = false;
    this.#setState(state);
  }

  #newGeneration(): void {
    this.#generation++;
    this.#isReachable = false;
  }

  async #requireNegotiable(doing: string): Promise<void> {
    if (this.isClosed) throw new PeerError(`${doing}: the peer was closed`);
    if (this.#faults.neverAnswers) await new Promise<never>(() => undefined);
    if (this.#faults.refusesDescriptions) throw new PeerError(`${doing}: set to refuse`);
  }

  #setRemote(type: string, sdp: string): void {
    const id = /^o=- (fake\d+) /m.exec(sdp)?.[1];
    if (!sdp.startsWith("v=0") || id === undefined) {
      throw new PeerError(`the remote ${type} was refused: expected a description of a fake peer`);
    }
    this.#remoteId = id;
    if (usernameFragments(sdp).size === 0) throw new PeerError(`the remote ${type} has no ice-ufrag`);
    const usable = this.#candidates.filter(sdp);
    this.#candidates.describedBy(usable);
    for (const [, candidate = ""] of usable.matchAll(/^a=(candidate:.*)$/gm)) this.#addRemote(candidate);
  }

  #keepNegotiated(answer: string, { videoRefused }: UsableDescription, isOurs: boolean): void {
    const directions = directionsNegotiatedBy(answer, isOurs);
    this.#negotiated = videoRefused === null ? directions : { ...directions, videoRefused };
    this.#callbacks.onNegotiated(this.#negotiated);
  }

  #describe(directions: Partial<Record<Kind, string>>): string {
    const kinds = Object.entries(directions);
    const sections = kinds.map(([kind, direction], index) =>
      [
        `m=${kind} ${direction === REJECTED ? 0 : 9} UDP/TLS/RTP/SAVPF ${kind === "audio" ? 111 : 96}`,
        "c=IN IP4 0.0.0.0",
        `a=ice-ufrag:${this.#fragment()}`,
        `a=fingerprint:sha-256 ${this.#fingerprint}`,
        `a=mid:${index}`,
        `a=${direction === REJECTED ? "inactive" : direction}`,
        kind === "audio" ? "a=rtpmap:111 opus/48000/2" : "a=rtpmap:96 VP8/90000",
      ].join("\r\n"),
    );
    const group = kinds.flatMap(([, direction], index) => (direction === REJECTED ? [] : [index])).join(" ");
    const head = [
      "v=0",
      `o=- ${this.id} ${++this.#descriptionVersion} IN IP4 127.0.0.1`,
      "s=-",
      "t=0 0",
      `a=group:BUNDLE ${group}`,
    ];
    const sdp = `${[...head, ...sections].join("\r\n")}\r\n`;
    return this.options.gatherMs > 0 ? withCandidates(sdp, [this.#ownCandidate()]) : sdp;
  }

  #fragment(): string {
    return `${this.id}g${this.#generation}`;
  }

  #trickle(): void {
    const candidate = this.#ownCandidate();
    setImmediate(() => {
      if (!this.isClosed) this.#callbacks.onCandidate(candidate);
    });
  }

  #ownCandidate(): Candidate {
    const usernameFragment = this.#fragment();
    const candidate = `candidate:1 1 udp 1 198.51.100.1 ${FIRST_PORT + this.#generation} typ host ufrag ${usernameFragment}`;
    return { candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment };
  }

  #addRemote(candidate: string): void {
    if (!candidate.startsWith("candidate:")) throw new Error("expected candidate:…");
    if (candidate.includes(".local ")) return;
    this.#isReachable = true;
    this.#tryConnect();
  }

  #far(): FakePeer | undefined {
    return this.#remoteId === null ? undefined : livePeers.get(this.#remoteId);
  }

  /** One working direction is enough, since the other side learns the path from the checks (RFC 8445, 7.3.1.3). */
  #tryConnect(): void {
    const far = this.#far();
    if (far === undefined || far.#remoteId !== this.id) return;
    if (this.#signalling !== "stable" || far.#signalling !== "stable") return;
    if (!this.#isReachable && !far.#isReachable) return;
    for (const side of [this, far]) side.#becomeConnected();
  }

  #becomeConnected(): void {
    if (this.isClosed) return;
    if (this.#state !== "connected") this.#setState("connecting");
    if (this.#faults.neverConnects) return;
    this.#isReachable = true;
    this.#setState("connected");
  }

  #setState(state: ConnectionState): void {
    if (this.isClosed || state === this.#state) return;
    this.#state = state;
    setImmediate(() => {
      if (!this.isClosed) this.#callbacks.onConnectionState(state);
    });
  }

  #deliver(kind: Kind, bytes: number, give: (far: FakePeer) => void): void {
    const far = this.#far();
    if (far === undefined || this.#state !== "connected" || !this.#negotiated?.[kind].sends) return;
    this.#figures[kind === "video" ? "bytesSentVideo" : "bytesSentAudio"] += bytes;
    setImmediate(() => {
      if (!far.isClosed) give(far);
    });
  }

  #receiveVideo(frame: VideoFrame): void {
    this.#figures.bytesReceivedVideo += frame.data.byteLength;
    this.#figures.packetsReceived++;
    const { width, height } = uprightSize(frame);
    Object.assign(this.#figures, { receiveWidth: width, receiveHeight: height });
    const capturedAtUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
    this.#callbacks.onVideo({ ...frame, capturedAtUs, retain: () => undefined, release: () => undefined });
  }

  #receiveAudio(block: Int16Array): void {
    this.#figures.bytesReceivedAudio += block.byteLength;
    this.#figures.packetsReceived++;
    if (this.#isAudioWanted) this.#callbacks.onAudio(block, SEND_SAMPLE_RATE);
  }
}
