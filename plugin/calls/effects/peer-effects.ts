// The charts' effects on the WebRTC connection: it lives as long as the activity `peerConnection`, unless the
// chart wants another in its place, and descriptions are made and taken by promises that wait for it.

import { fromCallback, fromPromise } from "xstate";
import type {
  CallAddress,
  CandidateParams,
  ConnectionCommand,
  DescriptionInput,
  LinkEvent,
  OfferInput,
} from "../../../statecharts/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { type ConnectionState, type Peer, PeerError } from "../../peer/peer.ts";
import type { CallEnvironment } from "../environment.ts";

/** States that the link chart hears of; the others are steps on the way. */
const LINK_EVENTS: Partial<Record<ConnectionState, LinkEvent>> = {
  connected: { type: "peer.connected" },
  disconnected: { type: "peer.disconnected" },
  failed: { type: "peer.failed" },
};

/**
 * For linkMachine's `provide`. Promises reject with PeerError, also when the call's connection has gone; the
 * chart decides what that means.
 */
export function createPeerEffects(context: CallEnvironment) {
  const peers = new Map<string, Promise<Peer>>();

  const peerOf = (callId: string): Promise<Peer> =>
    peers.get(callId) ?? Promise.reject(new PeerError(`call ${callId} has no connection`));

  return {
    peerConnection: fromCallback<ConnectionCommand, CallAddress>(({ input, sendBack, receive }) => {
      const { callId } = input;
      const open = (): Promise<Peer> => {
        const peer = openPeer(context, callId, {
          sendBack: sendBack as (event: LinkEvent) => void,
          isCurrent: () => peers.get(callId) === peer,
        });
        peers.set(callId, peer);
        return peer;
      };
      const close = (): void => {
        peers.delete(callId);
        context.mediaOf(callId).peer = null;
        closeWhenOpen(current, context.log);
      };
      let current = open();
      receive(() => {
        close();
        current = open();
      });
      return close;
    }),
    createOffer: fromPromise<string, OfferInput>(async ({ input }) =>
      (await peerOf(input.callId)).createOffer(input),
    ),
    answerOffer: fromPromise<string, DescriptionInput>(async ({ input }) =>
      (await peerOf(input.callId)).answerOffer(input.sdp),
    ),
    acceptAnswer: fromPromise<void, DescriptionInput>(async ({ input }) =>
      (await peerOf(input.callId)).acceptAnswer(input.sdp),
    ),
    /** One that cannot be used is logged: ICE lives with a candidate less. */
    addRemoteCandidate: ({ callId, candidate }: CandidateParams): void => {
      peerOf(callId)
        .then((peer) => peer.addCandidate(candidate))
        .catch((error: unknown) => context.log("debug", `candidate dropped: ${errorText(error)}`));
    },
  };
}

interface PeerOwner {
  sendBack(event: LinkEvent): void;
  /** False once another connection has taken its place, or the call is over. */
  isCurrent(): boolean;
}

/** A connection that cannot be made is told as `peer.broken`, and rejects for whoever waits for it. */
function openPeer(
  { peers, settings, mediaOf, log }: CallEnvironment,
  callId: string,
  { sendBack, isCurrent }: PeerOwner,
): Promise<Peer> {
  const { iceServers, maxVideoBitrateBps, timeouts } = settings();
  const media = mediaOf(callId);
  const opening = peers.createPeer(
    { iceServers, maxVideoBitrateBps, gatherMs: timeouts.gatherMs },
    {
      onCandidate: (candidate) => sendBack({ type: "peer.candidate", candidate }),
      onConnectionState(state) {
        const event = LINK_EVENTS[state];
        if (event) sendBack(event);
      },
      onVideo: (frame) => media.remoteFrame(frame),
      onAudio: (block, sampleRate) => media.remoteBlock(block, sampleRate),
    },
  );
  opening.then(
    (peer) => {
      if (isCurrent()) media.peer = peer;
    },
    (error: unknown) => {
      log("error", `the WebRTC connection of call ${callId} could not be made: ${errorText(error)}`);
      if (isCurrent()) sendBack({ type: "peer.broken", detail: errorText(error) });
    },
  );
  return opening;
}

/** A call may end before its connection exists; the connection is closed all the same. */
function closeWhenOpen(peer: Promise<Peer>, log: Log): void {
  peer
    .then((opened) => opened.close())
    .catch((error: unknown) => log("debug", `nothing to close, or not closed: ${errorText(error)}`));
}
