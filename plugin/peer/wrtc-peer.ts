// One connection of libwebrtc: offers, answers, candidates, and the order in which everything is taken down.
// It never reads localDescription, which races with the engine's own thread (README.md): what createOffer and
// createAnswer returned is what is sent, with the candidates written into it that came in time; all of them trickle too.

import type { VideoFrame } from "../../native/types.ts";
import type { Candidate } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { CandidateBuffer, type CandidateCounts } from "./candidate-buffer.ts";
import { withEngineDeadline } from "./engine-deadline.ts";
import { LocalCandidates } from "./local-candidates.ts";
import type {
  ConnectionState,
  NegotiatedDirections,
  Peer,
  PeerCallbacks,
  PeerOptions,
  PeerStatistics,
} from "./peer.ts";
import { type OfferOptions, PeerError } from "./peer.ts";
import {
  directionsNegotiatedBy,
  withCandidates,
  withReceiverEstimate,
  withShortPackets,
  withVideoCeiling,
} from "./session-description.ts";
import { NO_STATISTICS, readStatistics } from "./statistics.ts";
import { WrtcLocalMedia } from "./wrtc-local-media.ts";
import { WrtcRemoteMedia } from "./wrtc-remote-media.ts";
import type { WrtcConnection, WrtcDescription, WrtcIceServer, WrtcModule } from "./wrtc-types.ts";

/** The engine answers in 1 to 30 ms; this ends a wait only when it is stuck, well before a call's own waits do. */
const ENGINE_DEADLINE_MS = 5000;

/** @throws from its constructor whatever the engine says to the configuration; wrtc-engine.ts explains it */
export class WrtcPeer implements Peer {
  readonly #connection: WrtcConnection;
  readonly #local: WrtcLocalMedia;
  readonly #remote: WrtcRemoteMedia;
  readonly #candidates: CandidateBuffer;
  readonly #callbacks: PeerCallbacks;
  readonly #options: PeerOptions;
  readonly #own = new LocalCandidates();
  readonly #closed = new AbortController();
  #negotiating: string | null = null;
  #isDescribed = false;
  #heldCandidates: Candidate[] = [];
  #state: ConnectionState = "new";
  #lastStatistics = NO_STATISTICS;
  #negotiatedDirections: NegotiatedDirections | null = null;

  constructor(wrtc: WrtcModule, options: PeerOptions, callbacks: PeerCallbacks) {
    this.#callbacks = callbacks;
    this.#options = options;
    this.#connection = new wrtc.RTCPeerConnection({ iceServers: options.iceServers.map(toWrtcServer) });
    this.#local = new WrtcLocalMedia(wrtc);
    this.#remote = new WrtcRemoteMedia(wrtc, callbacks);
    this.#candidates = new CandidateBuffer((init) =>
      withEngineDeadline(
        "addIceCandidate",
        this.#connection.addIceCandidate(init),
        ENGINE_DEADLINE_MS,
        this.#signal,
      ),
    );
    this.#listen();
  }

  /** What became of the remote candidates. */
  get candidateCounts(): CandidateCounts {
    return this.#candidates.counts();
  }

  createOffer({ iceRestart = false, holdsCandidates = true }: OfferOptions = {}): Promise<string> {
    return this.#negotiate("createOffer", ["stable", "have-local-offer"], async () => {
      this.#local.attachForOffer(this.#connection, this.#options.maxVideoBitrateBps);
      const offer = await this.#engine("createOffer", this.#connection.createOffer({ iceRestart }));
      return this.#describeUs(offer, holdsCandidates ? this.#options.gatherMs : 0);
    });
  }

  answerOffer(sdp: string): Promise<string> {
    return this.#negotiate("answerOffer", ["stable", "have-local-offer"], async () => {
      await this.#giveUpOwnOffer();
      await this.#setRemote({ type: "offer", sdp: withReceiverEstimate(sdp) });
      try {
        this.#local.attachForAnswer(this.#connection);
        const answer = await this.#engine("createAnswer", this.#connection.createAnswer());
        const sdp = await this.#describeUs(answer, this.#options.gatherMs);
        this.#negotiatedDirections = directionsNegotiatedBy(sdp, true);
        return sdp;
      } catch (cause) {
        await this.#forgetRemoteOffer();
        throw cause;
      }
    });
  }

  acceptAnswer(sdp: string): Promise<void> {
    return this.#negotiate("acceptAnswer", ["have-local-offer"], async () => {
      await this.#setRemote({ type: "answer", sdp });
      this.#negotiatedDirections = directionsNegotiatedBy(sdp, false);
    });
  }

  addCandidate(candidate: Candidate): void {
    if (!this.#signal.aborted) this.#candidates.add(candidate);
  }

  sendVideo(frame: VideoFrame): void {
    if (!this.#signal.aborted) this.#local.sendVideo(frame);
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

  /** After close, the last figures that were read. @throws PeerError when the engine does not answer. */
  async statistics(): Promise<PeerStatistics> {
    if (!this.#signal.aborted) {
      this.#lastStatistics = readStatistics(await this.#engine("getStats", this.#connection.getStats()));
    }
    return this.#lastStatistics;
  }

  close(): void {
    if (this.#signal.aborted) return;
    this.#closed.abort();
    this.#connection.onicecandidate = null;
    this.#connection.onconnectionstatechange = null;
    this.#connection.ontrack = null;
    this.#candidates.clear();
    this.#heldCandidates = [];
    // Sinks and tracks before the connection: one left running keeps the process alive.
    for (const step of [this.#remote, this.#local]) attempt(() => step.stop());
    attempt(() => this.#connection.close());
  }

  get #signal(): AbortSignal {
    return this.#closed.signal;
  }

  #listen(): void {
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) this.#own.complete();
      // An empty text marks the end of a generation's candidates; nobody needs it, since ours trickle until the end.
      else if (candidate.candidate) {
        this.#tellCandidate({
          candidate: candidate.candidate,
          sdpMid: candidate.sdpMid,
          sdpMLineIndex: candidate.sdpMLineIndex,
          usernameFragment: candidate.usernameFragment,
        });
      }
    };
    this.#connection.onconnectionstatechange = () => this.#tellState(this.#connection.connectionState);
    this.#connection.ontrack = ({ track }) => this.#remote.add(track);
  }

  #tellCandidate(candidate: Candidate): void {
    if (this.#signal.aborted) return;
    this.#own.add(candidate);
    this.#announceCandidate(candidate);
  }

  #announceCandidate(candidate: Candidate): void {
    if (this.#isDescribed) this.#callbacks.onCandidate(candidate);
    else this.#heldCandidates.push(candidate);
  }

  /** Candidates come while the description is still being set; they are told after it was handed out. */
  #releaseCandidates(): void {
    this.#isDescribed = true;
    if (this.#signal.aborted) return;
    for (const candidate of this.#heldCandidates.splice(0)) this.#announceCandidate(candidate);
  }

  #tellState(state: string): void {
    if (this.#signal.aborted || !isConnectionState(state) || state === this.#state) return;
    this.#state = state;
    this.#callbacks.onConnectionState(state);
  }

  /** One negotiation at a time, and only in the signalling states (W3C webrtc-pc section 4.3.1) that allow it. */
  async #negotiate<T>(doing: string, allowed: string[], work: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) throw new PeerError(`${doing}: the peer was closed`);
    if (this.#negotiating !== null) throw new PeerError(`${doing}: ${this.#negotiating} is still under way`);
    const state = this.#connection.signalingState;
    if (!allowed.includes(state)) {
      throw new PeerError(`${doing}: the signalling state is ${state}; expected ${allowed.join(" or ")}`);
    }
    this.#negotiating = doing;
    this.#isDescribed = false;
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof PeerError ? cause : new PeerError(`${doing}: ${errorText(cause)}`, { cause });
    } finally {
      this.#negotiating = null;
      setImmediate(() => this.#releaseCandidates());
    }
  }

  #engine<T>(doing: string, work: Promise<T>): Promise<T> {
    return withEngineDeadline(doing, work, ENGINE_DEADLINE_MS, this.#signal);
  }

  #setLocal(description: WrtcDescription): Promise<void> {
    return this.#engine("setLocalDescription", this.#connection.setLocalDescription(description));
  }

  /** @returns what is to be sent */
  async #describeUs(description: WrtcDescription, gatherMs: number): Promise<string> {
    this.#own.describedBy(description.sdp);
    await this.#setLocal(description);
    await this.#own.gathered(gatherMs, this.#signal);
    return withCandidates(description.sdp, this.#own.found());
  }

  async #setRemote(description: WrtcDescription): Promise<void> {
    const sdp = this.#local.hasVideoCeiling
      ? description.sdp
      : withVideoCeiling(description.sdp, this.#options.maxVideoBitrateBps);
    const doing = `the remote ${description.type} was refused`;
    const changed = { type: description.type, sdp: withShortPackets(sdp) };
    await this.#engine(doing, this.#connection.setRemoteDescription(changed));
    this.#candidates.describedBy(sdp);
  }

  /** Both offered at once: whoever calls answerOffer has decided that the other's offer stands. */
  async #giveUpOwnOffer(): Promise<void> {
    if (this.#connection.signalingState === "have-local-offer") {
      await this.#setLocal({ type: "rollback", sdp: "" });
    }
  }

  async #forgetRemoteOffer(): Promise<void> {
    if (this.#signal.aborted || this.#connection.signalingState !== "have-remote-offer") return;
    const rollback = this.#connection.setRemoteDescription({ type: "rollback", sdp: "" });
    await this.#engine("taking back the remote offer", rollback);
  }
}

function toWrtcServer(server: PeerOptions["iceServers"][number]): WrtcIceServer {
  return {
    urls: [...server.urls],
    ...(server.username === undefined ? {} : { username: server.username }),
    ...(server.credential === undefined ? {} : { credential: server.credential }),
  };
}

const STATES: readonly string[] = ["new", "connecting", "connected", "disconnected", "failed"];

function isConnectionState(state: string): state is ConnectionState {
  return STATES.includes(state);
}

/** Closing goes on whatever one step says; what it says is worth a line on stderr. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (cause) {
    process.emitWarning(`while a peer was closed: ${errorText(cause)}`);
  }
}
