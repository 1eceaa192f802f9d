// Runs signalling while the plugin serves: starts it, reports its state to the host, and passes its signals on. Two
// implementations exist: a libp2p node of our own, and host-relayed signalling.

import type { Contact, Settings, Signal } from "../../rpc-schema/index.ts";
import { RpcError } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { RefusalCounts } from "../common/refusals.ts";
import type { Log } from "../log.ts";
import { ContactsReporter } from "../rpc/contacts-reporter.ts";
import type { Notify, NotifyLatest } from "../rpc/notifier.ts";
import type { HostRelayedSignalling } from "../signalling/host-relayed-signalling.ts";
import {
  type OwnAvailability,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "../signalling/port.ts";

/** The part of `initialize` that concerns signalling. */
export interface SignallingConfig {
  /** Our name for other peers. */
  readonly label: string;
  /** Absolute path; undefined keeps the key in memory only. */
  readonly privateKeyFile: string | undefined;
  readonly settings: Settings["signalling"];
  /** The host's peer id, if the host relays the signals over its own node. */
  readonly relayPeerId: string | undefined;
}

export interface SignallingServiceOptions {
  create(config: SignallingConfig, callbacks: SignallingCallbacks): Signalling;
  createHostRelayed(selfId: string, callbacks: SignallingCallbacks): HostRelayedSignalling;
  readonly notify: Notify;
  readonly notifyLatest: NotifyLatest;
  /** Whether the host asked for changes of contacts instead of the list. Read at each change. */
  asksForContactChanges(): boolean;
  readonly log: Log;
}

export interface SignallingListener {
  onSignal(from: string, callId: string, signal: Signal): void;
  /** Runs again whenever our addresses change. */
  onReady(self: SelfAddress): void;
  onContacts(): void;
}

export interface SignallingService {
  /** Never rejects. A failure is reported to the host as `signalling.changed` with its reason. */
  start(config: SignallingConfig, listener: SignallingListener): Promise<void>;
  /** Waits for a start that is in progress, since a call that is resumed after a crash sends early. @throws SignallingError closed while signalling does not run */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** Null until signalling is ready. */
  self(): SelfAddress | null;
  /** Why the last start failed; null if none has failed, and once signalling is ready. */
  whyFailed(): string | null;
  /** Empty while signalling does not run. */
  contacts(): Contact[];
  /** As the method of `Signalling`. Empty while signalling does not run. */
  addressesOf(peerId: string): readonly string[] | null;
  /** See Signalling.isKnown. False while signalling does not run. */
  isKnown(peerId: string): boolean;
  /** See Signalling.refusals. Empty while signalling does not run. */
  refusals(): RefusalCounts;
  /** Announces our availability to the peers, at once or after the start. */
  setAvailability(availability: OwnAvailability): void;
  /** @throws RpcError signallingUnavailable, invalidParams or peerUnreachable */
  addContact(address: string): Promise<Contact>;
  /** Null before `start`, and where the plugin runs a node of its own. */
  hostRelayed(): HostRelayedSignalling | null;
  /** Pending sends reject with `closed`. Does nothing without a start. */
  close(): Promise<void>;
}

/** Runs one of the options' factories at each `start`. */
export function createSignallingService(options: SignallingServiceOptions): SignallingService {
  let signalling: Signalling | null = null;
  let hostRelayed: HostRelayedSignalling | null = null;
  let started: Promise<void> = Promise.resolve();
  let self: SelfAddress | null = null;
  let whyFailed: string | null = null;
  let availability: OwnAvailability = { videoDisabled: false };
  let state: "idle" | "running" | "closing" = "idle";
  const peers = peersOf(() => signalling);
  const reporter = reporterOf(options, peers);

  async function begin(config: SignallingConfig, listener: SignallingListener): Promise<void> {
    const ready = (now: SelfAddress): void => {
      self = now;
      options.notify("signalling.changed", { state: "ready", peerId: now.peerId, addresses: now.addresses });
      listener.onReady(now);
    };
    options.notify("signalling.changed", { state: "starting", addresses: [] });
    try {
      const callbacks = callbacksOf(reporter, listener, ready);
      if (config.relayPeerId !== undefined)
        hostRelayed = options.createHostRelayed(config.relayPeerId, callbacks);
      signalling = hostRelayed ?? options.create(config, callbacks);
      signalling.setAvailability(availability);
      ready(await signalling.start());
    } catch (error) {
      // A start that `close` has interrupted did not fail.
      if (state !== "closing") whyFailed = reportFailure(options, errorText(error));
    }
  }

  return {
    start(config, listener) {
      state = "running";
      started = begin(config, listener);
      return started;
    },
    async send(...message) {
      await started;
      if (!signalling) throw new SignallingError("closed", "signalling is not running");
      await signalling.send(...message);
    },
    self: () => self,
    whyFailed: () => (self ? null : whyFailed),
    ...peers,
    setAvailability(now) {
      availability = now;
      signalling?.setAvailability(now);
    },
    addContact: (address) => addContact(self && signalling, address, whyFailed),
    hostRelayed: () => hostRelayed,
    async close() {
      self = null;
      if (state === "running") options.notify("signalling.changed", { state: "stopped", addresses: [] });
      state = "closing";
      await signalling?.close();
    },
  };
}

type Peers = Pick<SignallingService, "contacts" | "addressesOf" | "isKnown" | "refusals">;

function peersOf(signalling: () => Signalling | null): Peers {
  return {
    contacts: () => signalling()?.contacts() ?? [],
    addressesOf(peerId) {
      const running = signalling();
      return running ? running.addressesOf(peerId) : [];
    },
    isKnown: (peerId) => signalling()?.isKnown(peerId) ?? false,
    refusals: () => signalling()?.refusals() ?? {},
  };
}

function reporterOf({ notifyLatest, ...options }: SignallingServiceOptions, peers: Peers): ContactsReporter {
  return new ContactsReporter({
    ...peers,
    asksForChanges: () => options.asksForContactChanges(),
    notifyLatest,
  });
}

function callbacksOf(
  reporter: ContactsReporter,
  listener: SignallingListener,
  onAddressChange: SignallingCallbacks["onAddressChange"],
): SignallingCallbacks {
  return {
    onSignal: listener.onSignal,
    onContacts() {
      reporter.changed();
      listener.onContacts();
    },
    onAddressChange,
  };
}

function reportFailure({ notify, log }: SignallingServiceOptions, why: string): string {
  log("error", `signalling could not start: ${why}`);
  notify("signalling.changed", { state: "failed", addresses: [], why });
  return why;
}

/** @param whyFailed the reason that `signalling.changed` gave; null while signalling has not failed */
export function unavailable(whyFailed: string | null): RpcError {
  const message = whyFailed === null ? "signalling is not ready yet" : `signalling has failed: ${whyFailed}`;
  return new RpcError("signallingUnavailable", message);
}

/** @throws RpcError, as the service's method of this name */
async function addContact(
  signalling: Signalling | null,
  address: string,
  whyFailed: string | null,
): Promise<Contact> {
  if (!signalling) throw unavailable(whyFailed);
  try {
    return await signalling.addContact(address);
  } catch (error) {
    throw asRpcError(error, address);
  }
}

/** Only a wrong address is the caller's mistake. In every other case the peer could not be reached. */
function asRpcError(error: unknown, address: string): unknown {
  if (!(error instanceof SignallingError)) return error;
  const issue = { field: "address", value: JSON.stringify(address), expected: error.message };
  const kind = error.code === "invalidAddress" ? "invalidParams" : "peerUnreachable";
  return new RpcError(kind, `contact not added: ${error.message}`, { issues: [issue], cause: error });
}
