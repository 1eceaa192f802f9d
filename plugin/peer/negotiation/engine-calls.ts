// The engine's asynchronous calls, each with a deadline.

import type { WrtcCandidateInit, WrtcConnection, WrtcDescription, WrtcStatsEntry } from "../wrtc-types.ts";
import { withEngineDeadline } from "./engine-deadline.ts";

/** The engine answers in 1 to 30 ms. This limit detects a stuck engine well before the call's own timeouts. */
const ENGINE_DEADLINE_MS = 5000;

/** Each rejects with a PeerError that names the call. */
export class EngineCalls {
  readonly #connection: WrtcConnection;
  readonly #closed: AbortSignal;

  /** @param closed aborts when the peer is closed, and with it every call */
  constructor(connection: WrtcConnection, closed: AbortSignal) {
    this.#connection = connection;
    this.#closed = closed;
  }

  createOffer(iceRestart = false): Promise<WrtcDescription> {
    return this.#call("createOffer", this.#connection.createOffer({ iceRestart }));
  }

  createAnswer(): Promise<WrtcDescription> {
    return this.#call("createAnswer", this.#connection.createAnswer());
  }

  setLocal(description: WrtcDescription): Promise<void> {
    return this.#call("setLocalDescription", this.#connection.setLocalDescription(description));
  }

  setRemote(description: WrtcDescription): Promise<void> {
    const set = this.#connection.setRemoteDescription(description);
    return this.#call(`the remote ${description.type} was refused`, set);
  }

  addCandidate(candidate: WrtcCandidateInit): Promise<void> {
    return this.#call("addIceCandidate", this.#connection.addIceCandidate(candidate));
  }

  statistics(): Promise<ReadonlyMap<string, WrtcStatsEntry>> {
    return this.#call("getStats", this.#connection.getStats());
  }

  /** Does nothing without an own offer that waits for its answer. */
  async rollBackOwnOffer(): Promise<void> {
    if (this.#connection.signalingState !== "have-local-offer") return;
    await this.setLocal({ type: "rollback", sdp: "" });
  }

  /** Does nothing without a remote offer that waits for our answer, and after closing. */
  async rollBackRemoteOffer(): Promise<void> {
    if (this.#closed.aborted || this.#connection.signalingState !== "have-remote-offer") return;
    const rollback = this.#connection.setRemoteDescription({ type: "rollback", sdp: "" });
    await this.#call("rolling back the remote offer", rollback);
  }

  #call<T>(name: string, work: Promise<T>): Promise<T> {
    return withEngineDeadline(name, work, ENGINE_DEADLINE_MS, this.#closed);
  }
}
