// Connects the parts of signalling to each other. libp2p-signalling.ts starts and closes them.

import type { Contact, Signal } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { ContactManager } from "./contacts/contact-manager.ts";
import { IdentityExchange } from "./contacts/identity-exchange.ts";
import { KeyProofs } from "./encryption/key-proofs.ts";
import type { Keyring } from "./encryption/keyring.ts";
import { SealedSender } from "./encryption/sealed-sender.ts";
import { MessageStamp, MQ_PROTOCOL } from "./goop-wire/goop-mq.ts";
import { identityPayload, type OwnIdentity } from "./goop-wire/identity.ts";
import { MqReceiver } from "./goop-wire/mq-receiver.ts";
import { MqSender } from "./goop-wire/mq-sender.ts";
import { Presence } from "./goop-wire/presence.ts";
import type { PeerPresence } from "./goop-wire/presence-message.ts";
import { LostSignals } from "./lost-signals.ts";
import type { SignallingNode } from "./node.ts";
import { RequestRepeats } from "./request-repeats.ts";
import { SendLanes } from "./send-lanes.ts";
import { SignalInbox } from "./signal-inbox.ts";
import type { Timings } from "./timings.ts";
import { topicOf } from "./topics.ts";

interface SignallingEnvironment {
  onSignal(from: string, callId: string, signal: Signal): void;
  onContacts(contacts: Contact[]): void;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  /** @throws SignallingError closed, before start and after closing */
  node(): SignallingNode;
  /** @throws SignallingError closed before start */
  keys(): Keyring;
  /** The identity that we announce now. @throws SignallingError closed before start */
  self(): OwnIdentity;
  /** Our multiaddrs, each ending in /p2p/<our peer id>. Empty before start. */
  addresses(): readonly string[];
  /** Publishes on the presence topic, also while closing. */
  publish(bytes: Uint8Array): Promise<boolean>;
  /** Aborts when signalling closes. */
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

export interface SignallingParts {
  readonly contacts: ContactManager;
  readonly lanes: SendLanes;
  /** Sends signals through the lanes. */
  readonly requests: RequestRepeats;
  readonly receiver: MqReceiver;
  readonly lost: LostSignals;
  readonly inbox: SignalInbox;
  readonly identities: IdentityExchange;
  readonly proofs: KeyProofs;
  readonly presence: Presence;
  /** A connection with the peer began, or the peer restarted. */
  onPeerStarted(peerId: string): void;
}

/** No part does anything before the node runs. */
export function createParts(environment: SignallingEnvironment): SignallingParts {
  const contacts = new ContactManager({
    ...environment,
    onContactConnected: (peerId) => identities.onConnected(peerId),
  });
  const sender = new MqSender({
    open: (peerId, signal) =>
      environment.node().openStream(contacts.peers.address(peerId), MQ_PROTOCOL, signal),
    stamp: new MessageStamp(),
    timings: environment.timings,
  });
  const canSeal = (peerId: string) =>
    !identities.isKeyPending(peerId) && environment.keys().sealing.canSeal(peerId);
  const proofs = new KeyProofs({
    onLacking: (peerId) => identities.introduce(peerId),
    maxAgeMs: environment.timings.keyProofMs,
  });
  const sealedSender = new SealedSender({
    proofs,
    canSeal,
    seal: (peerId, signal) => environment.keys().sealing.seal(peerId, signal),
    deliver: (peerId, callId, payload, abort) => sender.deliver(peerId, topicOf(callId), payload, abort),
    sendIdentity: (peerId, abort) => identities.deliverIdentity(peerId, abort),
    requestIdentity: (peerId, abort) => identities.requestIdentity(peerId, abort),
    keyCheckMs: environment.timings.keyCheckMs,
    log: environment.log,
  });
  const lanes = new SendLanes((...message) => sealedSender.send(...message));
  const lost = new LostSignals({ ...environment, send: (...message) => lanes.send(...message) });
  const requests = new RequestRepeats({
    ...environment,
    send: (...message) => lost.send(...message),
    onRepeat: (peerId) => proofs.forget(peerId),
  });
  const identities = new IdentityExchange({
    ...environment,
    deliver: (peerId, topic, payload, signal) => sender.deliver(peerId, topic, () => payload, signal),
    own: (peerId, includesKey) =>
      identityPayload(environment.self(), includesKey, environment.keys().peers.get(peerId)?.publicKey),
    isSettled: (peerId) => proofs.get(peerId) === "proven" || !environment.node().isConnected(peerId),
  });
  const inbox = createInbox(environment, { contacts, identities, proofs, requests, lost, canSeal });
  const receiver = new MqReceiver({
    ...environment,
    onMessage: (from, topic, payload) => {
      if (!environment.closing.aborted) inbox.receive(from, topic, payload);
    },
  });
  const onPeerStarted = (peerId: string) => {
    if (environment.closing.aborted) return;
    proofs.forget(peerId);
    requests.onPeerStarted(peerId);
    if (contacts.peers.has(peerId) && environment.node().isConnected(peerId)) identities.onConnected(peerId);
  };
  const presence = createPresence(environment, contacts, onPeerStarted);
  return { contacts, lanes, requests, lost, receiver, inbox, identities, presence, proofs, onPeerStarted };
}

interface InboxParts {
  readonly contacts: ContactManager;
  readonly identities: IdentityExchange;
  readonly proofs: KeyProofs;
  readonly requests: RequestRepeats;
  readonly lost: LostSignals;
  /** Whether our messages to the peer would be encrypted, so that it should have our key. */
  canSeal(peerId: string): boolean;
}

function createInbox(
  { keys, timings, log, onSignal, isKnown }: SignallingEnvironment,
  { contacts, identities, proofs, requests, lost, canSeal }: InboxParts,
): SignalInbox {
  const inbox = new SignalInbox({
    open: (from, payload) => keys().sealing.open(from, payload),
    onUndecryptable: (from) => {
      identities.onIdentified(from, false);
      identities.introduce(from);
    },
    onDecrypted: (from) => proofs.record(from, "proven"),
    onPlain: (from) => {
      if (canSeal(from)) proofs.onPlainMessage(from);
    },
    onSignal: (from, callId, signal) => {
      requests.onAnswer(from, callId);
      if (!contacts.peers.has(from)) void contacts.addCaller(from);
      onSignal(from, callId, signal);
      lost.onSignal(from);
    },
    onReceipt: (from) => requests.onReceipt(from),
    onIdentityRequest: (from) => identities.sendIdentity(from),
    onIdentity: (from, { key, recipientKey, ...description }, wasSealed) => {
      if (recipientKey !== undefined)
        proofs.onPluginIdentity(from, recipientKey === keys().sealing.publicKey);
      else if (!wasSealed) proofs.onPlainIdentity(from);
      contacts.peers.describe(from, description);
      const isKeyNew = keys().peers.learn(from, key);
      identities.onIdentified(from, isKeyNew);
      if (isKeyNew) inbox.onNewKey(from);
    },
    isKnown,
    holdSealedMs: timings.holdSealedMs,
    log,
  });
  return inbox;
}

function createPresence(
  environment: SignallingEnvironment,
  contacts: ContactManager,
  onPeerStarted: (peerId: string) => void,
): Presence {
  const onPresent = (presence: PeerPresence, hasStarted: boolean) => {
    const { peerId, label, videoDisabled, addresses, encryptionSupported } = presence;
    if (
      environment.closing.aborted ||
      !contacts.add(environment.node().completeAddress(peerId, addresses), "found")
    ) {
      return;
    }
    contacts.peers.describe(peerId, { ...(label === "" ? {} : { label }), videoDisabled });
    environment.keys().peers.learn(peerId, { encryptionSupported });
    if (hasStarted) onPeerStarted(peerId);
  };
  return new Presence({
    ...environment,
    own: () => ({ ...environment.self(), addresses: environment.addresses() }),
    isContact: (peerId) => contacts.peers.has(peerId),
    onPresent,
    onGone: (peerId) => contacts.onGone(peerId),
    onForgotten: (peerId) => contacts.peers.forget(peerId),
  });
}
