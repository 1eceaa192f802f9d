// Peers of one engine that are connected to each other without signalling, and that record their callbacks.

import { EventEmitter, once } from "node:events";
import type { VideoFrame } from "../../../native/types.ts";
import type { LookUp } from "../../../plugin/common/local-names.ts";
import type { PeerPlace } from "../../../plugin/common/peer-place.ts";
import { i420Bytes, SEND_BLOCK_SAMPLES } from "../../../plugin/peer/media-checks.ts";
import type { ConnectionState, NegotiatedDirections, Peer, PeerEngine } from "../../../plugin/peer/peer.ts";
import type { Candidate, IceServer } from "../../../rpc-schema/index.ts";
import type { SimulatedNetwork } from "../network/simulated/simulated-network.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

export interface ObservedPeer {
  readonly peer: Peer;
  readonly candidates: Candidate[];
  readonly states: ConnectionState[];
  readonly directions: NegotiatedDirections[];
  /** What was refused, in order. */
  readonly refused: readonly string[];
  /** Why there was no path, in order; null when one stood after all. */
  readonly troubles: readonly (string | null)[];
  readonly frames: VideoFrame[];
  readonly blocks: { block: Int16Array; sampleRate: number }[];
  /** The number of calls of all callbacks. */
  callbackCount(): number;
  /** Resolves once `holds` returns true. It is called after every callback. */
  waitUntil(holds: () => boolean): Promise<void>;
  /**
   * Sends this peer's candidates to the other one. Until then they are only recorded.
   * @param change replaces a candidate, or withholds it by null
   */
  sendCandidatesTo(other: Peer, change?: (candidate: Candidate) => Candidate | null): void;
}

export async function observePeer(
  engine: PeerEngine,
  maxVideoBitrateBps = 1_500_000,
  gatherMs = 0,
  placeOfPeer: () => PeerPlace = () => "machine",
  iceServers: IceServer[] = [],
  lookUp: LookUp = async () => [],
): Promise<ObservedPeer> {
  const events = new EventEmitter();
  let calls = 0;
  let deliver: ((candidate: Candidate) => void) | undefined;
  const candidates: Candidate[] = [];
  const states: ConnectionState[] = [];
  const directions: NegotiatedDirections[] = [];
  const refused: string[] = [];
  const troubles: (string | null)[] = [];
  const frames: VideoFrame[] = [];
  const blocks: { block: Int16Array; sampleRate: number }[] = [];
  const record = (): void => {
    calls++;
    events.emit("callback");
  };
  const peer = await engine.createPeer(
    { iceServers, maxVideoBitrateBps, gatherMs, placeOfPeer, lookUp },
    {
      onCandidate(candidate) {
        candidates.push(candidate);
        deliver?.(candidate);
        record();
      },
      onConnectionState(state) {
        states.push(state);
        record();
      },
      onNegotiated(negotiated) {
        directions.push(negotiated);
        record();
      },
      onPathTrouble(detail) {
        troubles.push(detail);
        record();
      },
      onRefused(what) {
        refused.push(what);
        record();
      },
      onVideo(frame) {
        frame.retain();
        frames.push(frame);
        record();
      },
      onAudio(block, sampleRate) {
        blocks.push({ block, sampleRate });
        record();
      },
    },
  );
  return {
    peer,
    candidates,
    states,
    directions,
    refused,
    troubles,
    frames,
    blocks,
    callbackCount: () => calls,
    async waitUntil(holds) {
      const signal = AbortSignal.timeout(HANG_LIMIT_MS);
      while (!holds()) await once(events, "callback", { signal });
    },
    sendCandidatesTo(other, change = (candidate) => candidate) {
      deliver = (candidate) => {
        const changed = change(candidate);
        if (changed) other.addCandidate(changed);
      };
      candidates.forEach(deliver);
    },
  };
}

/** Exchanges offer, answer and candidates. Resolves when both peers are connected. */
export async function connect(caller: ObservedPeer, callee: ObservedPeer): Promise<void> {
  await negotiate(caller, callee);
  caller.sendCandidatesTo(callee.peer);
  callee.sendCandidatesTo(caller.peer);
  await connected(caller, callee);
}

/** As `connect`, but every packet passes the network. The caller is its side `a`. */
export async function connectOver(
  network: SimulatedNetwork,
  caller: ObservedPeer,
  callee: ObservedPeer,
): Promise<void> {
  await offerOver(network, caller, callee);
  await connected(caller, callee);
}

/** As `connectOver`, without waiting for the connection. */
export async function offerOver(
  network: SimulatedNetwork,
  caller: ObservedPeer,
  callee: ObservedPeer,
): Promise<void> {
  const offer = network.descriptionFrom("a", await caller.peer.createOffer());
  const answer = network.descriptionFrom("b", await callee.peer.answerOffer(offer));
  await caller.peer.acceptAnswer(answer);
  caller.sendCandidatesTo(callee.peer, (candidate) => network.candidateFrom("a", candidate));
  callee.sendCandidatesTo(caller.peer, (candidate) => network.candidateFrom("b", candidate));
}

export async function negotiate(
  caller: ObservedPeer,
  callee: ObservedPeer,
  iceRestart = false,
): Promise<void> {
  const offer = await caller.peer.createOffer({ iceRestart });
  await caller.peer.acceptAnswer(await callee.peer.answerOffer(offer));
}

export async function connected(...peers: ObservedPeer[]): Promise<void> {
  await Promise.all(peers.map((each) => each.waitUntil(() => each.states.at(-1) === "connected")));
}

/** A grey frame whose brightness is `luma`. */
export function greyFrame(luma: number, width = 320, height = 240): VideoFrame {
  const data = new Uint8Array(i420Bytes(width, height)).fill(128);
  data.fill(luma, 0, width * height);
  return { width, height, data, capturedAtUs: 0, retain: () => undefined, release: () => undefined };
}

/** 10 ms of a tone; `index` counts blocks so that the wave goes on. */
export function toneBlock(index: number, hertz = 440, peak = 10_000): Int16Array {
  const first = index * SEND_BLOCK_SAMPLES;
  return Int16Array.from({ length: SEND_BLOCK_SAMPLES }, (_, n) =>
    Math.round(peak * Math.sin((2 * Math.PI * hertz * (first + n)) / 48_000)),
  );
}

export interface Feed {
  stop(): void;
}

/** Sends 30 frames and 100 audio blocks a second, until stopped. */
export function feed(
  peer: Pick<Peer, "sendVideo" | "sendAudio">,
  luma: number,
  kinds: { video?: boolean; audio?: boolean } = { video: true, audio: true },
): Feed {
  let block = 0;
  const timers: NodeJS.Timeout[] = [];
  if (kinds.video) timers.push(setInterval(() => peer.sendVideo(greyFrame(luma)), 33));
  if (kinds.audio) timers.push(setInterval(() => peer.sendAudio(toneBlock(block++)), 10));
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/**
 * The answer to `offer` that refuses one kind: its section has port 0 (RFC 3264 section 6).
 * @param answer to the offer without that kind
 */
export function withRefusedKind(answer: string, offer: string, kind: "audio" | "video"): string {
  const [session = "", ...answered] = answer.split(/^(?=m=)/m);
  const sections = offer
    .split(/^(?=m=)/m)
    .slice(1)
    .map((section) => {
      if (!section.startsWith(`m=${kind}`)) return answered.shift() ?? "";
      const lines = section.split("\r\n").filter((line) => /^(m=|c=|a=mid:|a=rtpmap:)/.test(line));
      return [...lines, "a=inactive", ""].join("\r\n").replace(/^(m=\w+) \d+/, "$1 0");
    });
  return [session, ...sections].join("");
}

/** Removes the media sections of a kind, and their ids from the bundle group, like a peer without this kind. */
export function withoutKind(sdp: string, kind: "audio" | "video"): string {
  const sections = sdp.split(/^(?=m=)/m);
  const removed = sections.filter((section) => section.startsWith(`m=${kind}`));
  const mids = removed.map((section) => /^a=mid:(\S+)/m.exec(section)?.[1]);
  const head = (sections[0] ?? "").replace(/^a=group:BUNDLE (.*)$/m, (_line, ids: string) => {
    return `a=group:BUNDLE ${ids
      .trim()
      .split(" ")
      .filter((id) => !mids.includes(id))
      .join(" ")}`;
  });
  return [head, ...sections.slice(1).filter((section) => !removed.includes(section))].join("");
}

/** Replaces the codecs of a kind, like a peer that has only this one. @param rtpmap such as `H264/90000` */
export function withOnlyCodec(sdp: string, kind: "audio" | "video", rtpmap: string): string {
  const sections = sdp.split(/^(?=m=)/m).map((section) => {
    if (!section.startsWith(`m=${kind}`)) return section;
    const lines = section.split("\r\n").filter((line) => !/^$|^a=(rtpmap|fmtp|rtcp-fb):/.test(line));
    const [media = "", ...rest] = lines;
    return [`${media.split(" ", 3).join(" ")} 102`, ...rest, `a=rtpmap:102 ${rtpmap}`, ""].join("\r\n");
  });
  return sections.join("");
}
