// Which part of the signalling tells which other of what. Each part knows itself only; their life, and what the rest of
// the plugin sees, is libp2p-signalling.ts's.

import type { Contact, Signal } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { ContactManager } from "./contacts/contact-manager.ts";
import { IdentityExchange } from "./contacts/identity-exchange.ts";
import type { Keyring } from "./encryption/keyring.ts";
import { MessageStamp, MQ_PROTOCOL } from "./goop-wire/goop-mq.ts";
import { identityPayload, type OwnIdentity } from "./goop-wire/identity.ts";
import { MqReceiver } from "./goop-wire/mq-receiver.ts";
import { MqSender } from "./goop-wire/mq-sender.ts";
import { Presence } from "./goop-wire/presence.ts";
import type { PeerPresence } from "./goop-wire/presence-message.ts";
import type { SignallingNode } from "./node.ts";
import { SendLanes } from "./send-lanes.ts";
import { SignalInbox } from "./signal-inbox.ts";
import type { Timings } from "./timings.ts";
import { topicOf } from "./topics.ts";

export interface SignallingEnvironment {
  onSignal(from: string, callId: string, signal: Signal): void;
  onContacts(contacts: Contact[]): void;
  /** @throws SignallingError closed, before start and after closing */
  node(): SignallingNode;
  /** @throws SignallingError closed before start */
  keys(): Keyring;
  /** What we say of ourselves, as it stands now. @throws SignallingError closed before start */
  self(): OwnIdentity;
  /** Our own, each ending in /p2p/<our peer id>; none before start. */
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
  readonly receiver: MqReceiver;
  readonly inbox: SignalInbox;
  readonly identities: IdentityExchange;
  readonly presence: Presence;
}

/** Nothing of it runs before the node does. */
export function createParts(around: SignallingEnvironment): SignallingParts {
  const contacts = new ContactManager({
    ...around,
    onMet: (peerId) => identities.introduce(peerId),
  });
  const sender = new MqSender({
    open: (peerId, signal) => around.node().openStream(contacts.list.address(peerId), MQ_PROTOCOL, signal),
    stamp: new MessageStamp(),
    timings: around.timings,
  });
  const lanes = new SendLanes((peerId, callId, signal, abort) => {
    const payload = identities.isKeyOwed(peerId) ? signal : around.keys().sealing.seal(peerId, signal);
    return sender.deliver(peerId, topicOf(callId), payload, abort);
  });
  const identities = new IdentityExchange({
    ...around,
    deliver: (...message) => sender.deliver(...message),
    own: (isKeyTold) => identityPayload(around.self(), isKeyTold),
  });
  const inbox = createInbox(around, contacts, identities);
  const receiver = new MqReceiver({
    ...around,
    onMessage: (from, topic, payload) => {
      if (!around.closing.aborted) inbox.take(from, topic, payload);
    },
  });
  return { contacts, lanes, receiver, inbox, identities, presence: createPresence(around, contacts) };
}

function createInbox(
  { keys, timings, log, onSignal }: SignallingEnvironment,
  contacts: ContactManager,
  identities: IdentityExchange,
): SignalInbox {
  const inbox = new SignalInbox({
    open: (from, payload) => keys().sealing.open(from, payload),
    onUnopened: (from) => {
      identities.onHeard(from, false);
      identities.introduce(from);
    },
    onSignal: (from, callId, signal) => {
      if (!contacts.list.has(from)) void contacts.meet(from);
      onSignal(from, callId, signal);
    },
    onIdentityAsked: (from) => identities.tell(from),
    onIdentity: (from, { key, ...about }) => {
      contacts.list.describe(from, about);
      const isKeyNew = keys().peers.learn(from, key);
      identities.onHeard(from, isKeyNew);
      if (isKeyNew) inbox.onNewKey(from);
    },
    holdSealedMs: timings.holdSealedMs,
    log,
  });
  return inbox;
}

function createPresence(around: SignallingEnvironment, contacts: ContactManager): Presence {
  const onPresent = ({ peerId, label, videoDisabled, addresses, encryptionSupported }: PeerPresence) => {
    if (around.closing.aborted || !contacts.add(around.node().completeAddress(peerId, addresses), "found")) {
      return;
    }
    contacts.list.describe(peerId, { ...(label === "" ? {} : { label }), videoDisabled });
    around.keys().peers.learn(peerId, { encryptionSupported });
  };
  return new Presence({
    ...around,
    own: () => ({ ...around.self(), addresses: around.addresses() }),
    isContact: (peerId) => contacts.list.has(peerId),
    onPresent,
    onGone: (peerId) => contacts.onGone(peerId),
    onForgotten: (peerId) => contacts.list.forget(peerId),
  });
}
