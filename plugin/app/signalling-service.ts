// Runs the signalling for as long as the plugin serves: starts it, tells the host how it stands, and hands its signals
// on. Which carrier it is, only the factory knows.

import type { Contact, Settings, Signal } from "../../rpc-schema/index.ts";
import { RpcError } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { HostRelayedSignalling } from "../signalling/host-relayed-signalling.ts";
import {
  type OwnAvailability,
  type SelfAddress,
  type Signalling,
  type SignallingCallbacks,
  SignallingError,
} from "../signalling/port.ts";

/** What `initialize` said, as far as signalling is concerned. */
export interface SignallingConfig {
  /** How other peers are told we are called. */
  readonly label: string;
  /** Absolute path; undefined keeps the key in memory only. */
  readonly privateKeyFile: string | undefined;
  readonly settings: Settings["signalling"];
  /** The host's peer id, where the host carries the signals over its own node. */
  readonly relayPeerId: string | undefined;
}

export interface SignallingServiceOptions {
  create(start: SignallingConfig, callbacks: SignallingCallbacks): Signalling;
  createHostRelayed(selfId: string, callbacks: SignallingCallbacks): HostRelayedSignalling;
  readonly notify: Notify;
  readonly log: Log;
  onSignal(from: string, callId: string, signal: Signal): void;
  /** Comes again whenever our addresses change. */
  onReady(self: SelfAddress): void;
  onContacts(): void;
}

/** One carrier at a time, for as long as the plugin serves. */
export interface SignallingService {
  /** Never rejects: a failure is told to the host as `signalling.changed` with its reason. */
  start(start: SignallingConfig): Promise<void>;
  /** Waits for a start that is under way. @throws SignallingError closed while there is no signalling */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** Null until it is ready. */
  self(): SelfAddress | null;
  /** Empty while there is no signalling. */
  contacts(): Contact[];
  /** Told to the peers at once, and by whatever carrier is started later. */
  setAvailability(availability: OwnAvailability): void;
  /** @throws RpcError signallingUnavailable, invalidParams or peerUnreachable */
  addContact(address: string): Promise<Contact>;
  /** The host's part where it carries the signals; null where the plugin runs a node of its own, and before `start`. */
  hostRelayed(): HostRelayedSignalling | null;
  /** Sends still waiting reject with `closed`; without a start there is nothing to close. */
  close(): Promise<void>;
}

/** The factory's `create` runs at `start`, not here. */
export function createSignallingService(options: SignallingServiceOptions): SignallingService {
  const { notify } = options;
  let signalling: Signalling | null = null;
  let carried: HostRelayedSignalling | null = null;
  let started: Promise<void> = Promise.resolve();
  let self: SelfAddress | null = null;
  let availability: OwnAvailability = { videoDisabled: false };

  function ready(now: SelfAddress): void {
    self = now;
    notify("signalling.changed", { state: "ready", peerId: now.peerId, addresses: now.addresses });
    options.onReady(now);
  }

  const callbacks: SignallingCallbacks = {
    onSignal: options.onSignal,
    onContacts(contacts) {
      notify("contacts.changed", { contacts });
      options.onContacts();
    },
    onAddressChange: ready,
  };

  async function begin(start: SignallingConfig): Promise<void> {
    notify("signalling.changed", { state: "starting", addresses: [] });
    try {
      if (start.relayPeerId !== undefined) carried = options.createHostRelayed(start.relayPeerId, callbacks);
      signalling = carried ?? options.create(start, callbacks);
      signalling.setAvailability(availability);
      ready(await signalling.start());
    } catch (error) {
      tellFailure(options, errorText(error));
    }
  }

  return {
    start(start) {
      started = begin(start);
      return started;
    },
    async send(...message) {
      // A call that goes on after a crash speaks before signalling is ready.
      await started;
      if (!signalling) throw new SignallingError("closed", "signalling is not running");
      await signalling.send(...message);
    },
    self: () => self,
    contacts: () => signalling?.contacts() ?? [],
    setAvailability(now) {
      availability = now;
      signalling?.setAvailability(now);
    },
    addContact: (address) => addContact(self && signalling, address),
    hostRelayed: () => carried,
    async close() {
      self = null;
      await signalling?.close();
    },
  };
}

function tellFailure({ notify, log }: SignallingServiceOptions, why: string): void {
  log("error", `signalling could not start: ${why}`);
  notify("signalling.changed", { state: "failed", addresses: [], why });
}

/** @throws RpcError, as the service's method of this name */
async function addContact(signalling: Signalling | null, address: string): Promise<Contact> {
  if (!signalling) throw new RpcError("signallingUnavailable", "signalling is not ready");
  try {
    return await signalling.addContact(address);
  } catch (error) {
    throw asRpcError(error, address);
  }
}

/** Only a wrong address is the caller's mistake; whatever else went wrong, the peer could not be reached. */
function asRpcError(error: unknown, address: string): unknown {
  if (!(error instanceof SignallingError)) return error;
  const issue = { field: "address", value: JSON.stringify(address), expected: error.message };
  const kind = error.code === "invalidAddress" ? "invalidParams" : "peerUnreachable";
  return new RpcError(kind, `contact not added: ${error.message}`, { issues: [issue], cause: error });
}
