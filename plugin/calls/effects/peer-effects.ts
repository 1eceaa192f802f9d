// The charts' effects on the WebRTC connection. A connection lives as long as the activity `peerConnection`, unless the
// chart replaces it. Promises create and apply session descriptions once the connection exists.

import { fromCallback, fromPromise } from "xstate";
import type {
  CallAddress,
  CandidateParams,
  CheckParams,
  ConnectionCommand,
  ConnectionInput,
  DescriptionInput,
  LinkEvent,
  OfferInput,
} from "../../../statecharts/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { type ConnectionState, type NegotiatedDirections, type Peer, PeerError } from "../../peer/peer.ts";
import { whyNoPicture } from "../call-info.ts";
import type { CheckExchange } from "../check-code/check-exchange.ts";
import type { CallEnvironment } from "../environment.ts";

/** The states that the link chart handles; the others are intermediate steps. */
const LINK_EVENTS: Partial<Record<ConnectionState, LinkEvent>> = {
  connected: { type: "peer.connected" },
  disconnected: { type: "peer.disconnected" },
  failed: { type: "peer.failed" },
};

export interface PeerEffectListeners {
  onVideoRefusalChange(callId: string): void;
  /** The other side needs our nonce for the check code. */
  sendCheck(address: CallAddress, nonce: string): void;
}

/**
 * For linkMachine's `provide`. Promises reject with PeerError, also when the call no longer has a connection.
 */
export function createPeerEffects(
  environment: CallEnvironment,
  { onVideoRefusalChange, sendCheck }: PeerEffectListeners,
) {
  const peers = new Map<string, Promise<Peer>>();

  const peerOf = (callId: string): Promise<Peer> =>
    peers.get(callId) ?? Promise.reject(new PeerError(`call ${callId} has no connection`));

  /** Undefined for a call that has ended, whose exchange must not be created again. */
  const checkOf = (callId: string): CheckExchange | undefined =>
    peers.has(callId) ? environment.checkOf(callId) : undefined;

  const negotiate = async <T>(callId: string, step: (peer: Peer) => Promise<T>): Promise<T> => {
    const peer = await peerOf(callId);
    const before = peer.negotiatedDirections()?.videoRefused;
    const result = await step(peer).catch((error: unknown) => {
      if (peers.has(callId)) environment.onRefused("description");
      throw error;
    });
    // Media of an ended call must not be created again.
    const isCurrent = peers.has(callId) && environment.mediaOf(callId).peer === peer;
    if (isCurrent && peer.negotiatedDirections()?.videoRefused !== before) onVideoRefusalChange(callId);
    return result;
  };

  return {
    peerConnection: fromCallback<ConnectionCommand, ConnectionInput>(({ input, sendBack, receive }) => {
      const { callId } = input;
      const open = (): Promise<Peer> => {
        const peer = openPeer(environment, input, {
          sendBack: sendBack as (event: LinkEvent) => void,
          isCurrent: () => peers.get(callId) === peer,
        });
        peers.set(callId, peer);
        return peer;
      };
      const close = (): void => {
        peers.delete(callId);
        environment.mediaOf(callId).detachPeer();
        closeWhenOpen(current, environment.log);
      };
      let current = open();
      receive(() => {
        close();
        current = open();
      });
      return close;
    }),
    ...negotiationEffects({ peerOf, negotiate, checkOf, sendCheck }),
    /** An unusable candidate is only logged, because ICE may connect without it. */
    addRemoteCandidate: ({ callId, candidate }: CandidateParams): void => {
      peerOf(callId)
        .then((peer) => peer.addCandidate(candidate))
        .catch((error: unknown) => environment.log("debug", `candidate dropped: ${errorText(error)}`));
    },
  };
}

interface Negotiation {
  peerOf(callId: string): Promise<Peer>;
  negotiate<T>(callId: string, step: (peer: Peer) => Promise<T>): Promise<T>;
  checkOf(callId: string): CheckExchange | undefined;
  sendCheck: PeerEffectListeners["sendCheck"];
}

/** Every description of a call passes through its check exchange. */
function negotiationEffects({ peerOf, negotiate, checkOf, sendCheck }: Negotiation) {
  return {
    createOffer: fromPromise<string, OfferInput>(async ({ input }) => {
      const offer = await (await peerOf(input.callId)).createOffer(input);
      return checkOf(input.callId)?.offer(offer) ?? offer;
    }),
    answerOffer: fromPromise<string, DescriptionInput>(async ({ input }) => {
      const answer = await negotiate(input.callId, (peer) => peer.answerOffer(input.sdp));
      return checkOf(input.callId)?.answer(input.sdp, answer) ?? answer;
    }),
    acceptAnswer: fromPromise<void, DescriptionInput>(async ({ input }) => {
      await negotiate(input.callId, (peer) => peer.acceptAnswer(input.sdp));
      const nonce = checkOf(input.callId)?.answered(input.sdp) ?? null;
      if (nonce !== null) sendCheck(input, nonce);
    }),
    acceptCheck: ({ callId, nonce }: CheckParams): void => checkOf(callId)?.reveal(nonce),
  };
}

interface PeerOwner {
  sendBack(event: LinkEvent): void;
  /** False once another connection has replaced it, or the call is over. */
  isCurrent(): boolean;
}

/** A connection that cannot be created is reported as `peer.broken`; the returned promise rejects. */
function openPeer(
  { peers, settings, mediaOf, placeOfPeer, onRefused, log }: CallEnvironment,
  { callId, peerId, traits }: ConnectionInput,
  { sendBack, isCurrent }: PeerOwner,
): Promise<Peer> {
  const { iceServers, relayOnly, maxVideoBitrateBps, timeouts } = settings.get();
  const media = mediaOf(callId);
  const opening = peers.createPeer(
    {
      iceServers,
      relayOnly,
      maxVideoBitrateBps,
      gatherMs: timeouts.gatherMs,
      placeOfPeer: () => placeOfPeer(peerId),
    },
    {
      onCandidate: (candidate) => sendBack({ type: "peer.candidate", candidate }),
      onConnectionState(state) {
        if (isCurrent()) media.isConnected = state === "connected";
        const event = LINK_EVENTS[state];
        if (event) sendBack(event);
      },
      onNegotiated(directions) {
        if (!isCurrent()) return;
        media.directionsChanged();
        sendBack({ type: "peer.videoNegotiated", ...videoNegotiated(directions) });
      },
      onPathTrouble(detail) {
        if (isCurrent()) sendBack({ type: "peer.pathTrouble", detail });
      },
      onRefused,
      onVideo: (frame) => media.remoteFrame(frame),
      onAudio: (block, sampleRate) => media.remoteBlock(block, sampleRate),
    },
  );
  // Before any description, so that the camera opens while the connection is established.
  if (traits().alwaysTakesVideo) sendBack({ type: "peer.videoNegotiated", whyNot: null });
  opening.then(
    (peer) => {
      if (isCurrent()) media.attachPeer(peer, () => traits().placeholderMs);
    },
    (error: unknown) => {
      log("error", `the WebRTC connection of call ${callId} could not be created: ${errorText(error)}`);
      if (isCurrent()) sendBack({ type: "peer.broken", detail: errorText(error) });
    },
  );
  return opening;
}

/** Another offer helps where a place for the picture is missing, not a codec. */
function videoNegotiated(directions: NegotiatedDirections): { whyNot: string | null; isOfferUseful?: true } {
  const isOfferUseful = !directions.video.sends && directions.videoRefused === undefined;
  return { whyNot: whyNoPicture(directions), ...(isOfferUseful ? { isOfferUseful } : {}) };
}

/** A call may end before its connection exists; the connection is then closed once it does. */
function closeWhenOpen(peer: Promise<Peer>, log: Log): void {
  peer
    .then((opened) => opened.close())
    .catch((error: unknown) => log("debug", `the connection was not closed: ${errorText(error)}`));
}
