// The state of the page. Notifications of the host and the plugin change it, and only here.

import type {
  CallInfo,
  CallStatistics,
  Contact,
  DeviceList,
  EndedBy,
  EndReason,
  MediaKind,
  PluginNotificationParams,
  Refusal,
} from "../../rpc-schema/index.ts";
import type { HostState } from "../http/page-messages.ts";
import type { Link } from "./link/page-link.ts";

/** The call that ended last, until the user dismisses the notice. */
export interface EndedCall {
  peerId: string;
  peerLabel: string;
  media: MediaKind;
  reason: EndReason;
  endedBy: EndedBy;
  durationMs: number;
  /** What exactly failed. */
  detail: string | undefined;
}

/** Immutable: each change makes a new object. */
export interface PageState {
  /** False while the page has no connection to its host. */
  isConnected: boolean;
  /** Undefined until the host has sent its state. */
  host: HostState | undefined;
  contacts: Contact[];
  calls: CallInfo[];
  /** Of the call that was measured last. */
  statistics: CallStatistics | undefined;
  /** What the plugin has refused, as of the last measurement. */
  refusals: readonly Refusal[];
  devices: DeviceList;
  ended: EndedCall | undefined;
}

export type Levels = PluginNotificationParams<"call.levels">;

const NO_DEVICES: DeviceList = { cameras: [], microphones: [], speakers: [] };

/** Sets the link's `onOpenChange`. */
export class Store {
  state: PageState = {
    isConnected: false,
    host: undefined,
    contacts: [],
    calls: [],
    statistics: undefined,
    refusals: [],
    devices: NO_DEVICES,
    ended: undefined,
  };
  /** Runs once for all changes of one turn. */
  onChange: (state: PageState) => void = () => undefined;
  /** Runs ten times a second in a call. Levels bypass the state and go straight to the meters. */
  onLevels: (levels: Levels) => void = () => undefined;
  onError: (error: unknown) => void = () => undefined;
  readonly #link: Link;
  #isNotifying = false;
  #isLoaded = false;
  /** `failed` until the page connects again. */
  #refusalRequest: "idle" | "sent" | "failed" = "idle";

  constructor(link: Link) {
    this.#link = link;
    link.onOpenChange = (isConnected) => {
      this.#isLoaded = false;
      this.#refusalRequest = "idle";
      this.#set(isConnected ? { isConnected } : { isConnected, calls: [] });
    };
    link.on("host.state", (host) => this.#hostChanged(host));
    link.on("contacts.changed", ({ contacts }) => this.#set({ contacts }));
    link.on("devices.changed", (devices) => this.#set({ devices }));
    link.on("call.incoming", (call) => this.#callChanged(call));
    link.on("call.changed", (call) => this.#callChanged(call));
    link.on("call.ended", (end) => this.#callEnded(end));
    link.on("call.statistics", (statistics) => {
      this.#set({ statistics });
      this.#readRefusals();
    });
    link.on("call.levels", (levels) => this.onLevels(levels));
  }

  dismissEnd(): void {
    this.#set({ ended: undefined });
  }

  /** @throws LinkError */
  async reloadDevices(): Promise<void> {
    this.#set({ devices: await this.#link.request("devices.list", {}) });
  }

  /** A plugin of another version may not have them. */
  #readRefusals(): void {
    if (this.#refusalRequest !== "idle") return;
    this.#refusalRequest = "sent";
    this.#link.request("debug.refusals", {}).then(
      ({ refusals }) => {
        this.#refusalRequest = "idle";
        this.#set({ refusals });
      },
      () => {
        this.#refusalRequest = "failed";
      },
    );
  }

  #hostChanged(host: HostState): void {
    const isReady = host.plugin.state === "ready";
    const wasDisabled = this.state.host?.settings?.videoDisabled ?? false;
    const { resumes } = host.plugin;
    if (isReady) this.#set({ host });
    else if (resumes === undefined) this.#set({ host, calls: [], contacts: [] });
    else this.#set({ host, calls: this.#callsToResume(resumes) });
    // A page that was reloaded during a call gets its call from here.
    if (isReady && !this.#isLoaded) this.#load().catch((error: unknown) => this.onError(error));
    const isEnabled = isReady && this.#isLoaded && wasDisabled && !host.settings?.videoDisabled;
    if (isEnabled) this.reloadDevices().catch((error: unknown) => this.onError(error));
    this.#isLoaded = isReady;
  }

  /** The plugin crashed in this call and the next one continues it. The page shows the call as reconnecting. */
  #callsToResume(callId: string): CallInfo[] {
    const calls = this.state.calls.filter((call) => call.callId === callId && isCurrent(call));
    return calls.map(({ local: { screen: _, ...local }, ...call }) => {
      // The process that captured the screen is gone.
      return { ...call, local, phase: "reconnecting" };
    });
  }

  async #load(): Promise<void> {
    // Each list counts from its own answer on: a change that arrives between the two answers is newer than the first.
    await Promise.all([
      this.#link.request("contacts.list", {}).then(({ contacts }) => this.#set({ contacts })),
      this.#link.request("call.list", {}).then(({ calls }) => this.#set({ calls })),
    ]);
    // While calls are switched off, nothing queries the devices.
    if (!this.state.host?.settings?.videoDisabled) await this.reloadDevices();
  }

  #callChanged(call: CallInfo): void {
    const { calls } = this.state;
    const isKnown = calls.some(({ callId }) => callId === call.callId);
    const changed = isKnown
      ? calls.map((other) => (other.callId === call.callId ? call : other))
      : [...calls, call];
    // A new call replaces the notice about the last one.
    this.#set(isKnown ? { calls: changed } : { calls: changed, ended: undefined });
  }

  #callEnded(end: PluginNotificationParams<"call.ended">): void {
    const call = this.state.calls.find(({ callId }) => callId === end.callId);
    const contact = this.state.contacts.find(({ peerId }) => peerId === end.peerId);
    const { peerId, reason, endedBy, durationMs, detail } = end;
    const peerLabel = call?.peerLabel || contact?.label || "";
    const media = call?.media ?? "video";
    const ended = end.replacedBy
      ? {}
      : { ended: { peerId, peerLabel, media, reason, endedBy, durationMs, detail } };
    const calls = this.state.calls.filter(({ callId }) => callId !== end.callId);
    const { statistics } = this.state;
    this.#set({ calls, statistics: statistics?.callId === end.callId ? undefined : statistics, ...ended });
  }

  #set(change: Partial<PageState>): void {
    this.state = { ...this.state, ...change };
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      this.onChange(this.state);
    });
  }
}

/** @returns the incoming call that waits for an answer */
export function findRinging(calls: CallInfo[]): CallInfo | undefined {
  return calls.find(isRingingIncoming);
}

/** @returns the call on the stage, which the user has started or accepted */
export function findCurrent(calls: CallInfo[]): CallInfo | undefined {
  return calls.findLast(isCurrent);
}

function isCurrent(call: CallInfo): boolean {
  return !isRingingIncoming(call) && call.phase !== "ended";
}

function isRingingIncoming(call: CallInfo): boolean {
  return call.direction === "incoming" && (call.phase === "requesting" || call.phase === "ringing");
}
