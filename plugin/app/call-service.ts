// Wires the calls: the call manager with its effects, and the parts that observe it: reporter, sampler, persister.

import { randomUUID } from "node:crypto";
import type { CallInfo, CallStatistics, Contact, DeviceList, Signal } from "../../rpc-schema/index.ts";
import type { ManagedCall } from "../../statecharts/index.ts";
import type { CallAlerts } from "../alerts/call-alerts.ts";
import type { ProtectionFacts } from "../calls/call-info.ts";
import { type CallManager, type CallManagerCallbacks, createCallManager } from "../calls/call-manager.ts";
import { CallPersister } from "../calls/call-persister.ts";
import { CallReporter, type ReporterOptions } from "../calls/call-reporter.ts";
import { type CallEnvironment, createCallEnvironment } from "../calls/environment.ts";
import { OwnPictures } from "../calls/preview/own-pictures.ts";
import { providePreview } from "../calls/preview/preview-effects.ts";
import { Previews } from "../calls/preview/previews.ts";
import { Sampler } from "../calls/sampler.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import { dateMs, monotonicMs } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import { placeOf } from "../common/peer-place.ts";
import type { OnRefused } from "../common/refusals.ts";
import type { FrameContent, Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { Engines } from "./engines.ts";
import { MemoryRelease } from "./memory/memory-release.ts";
import type { SignallingService } from "./signalling-service.ts";

export interface CallServiceOptions {
  readonly engines: Engines;
  readonly frames: Frames;
  readonly signalling: Pick<
    SignallingService,
    "send" | "contacts" | "addressesOf" | "hostRelayed" | "isKnown"
  >;
  readonly settings: SettingsSource;
  readonly onRefused: OnRefused;
  readonly notify: Notify;
  /** Rings, shows notifications and counts missed calls. */
  readonly alerts: Pick<CallAlerts, "onCall" | "onEnd" | "onBusy">;
  logOf(part: string): Log;
}

export interface CallService {
  readonly manager: CallManager;
  /** The list of devices while there are subscribers; closed by the owner of this service. */
  readonly devices: {
    subscribe(listener: (devices: DeviceList) => void): () => void;
    close(): void;
  };
  /** A signal of a peer. Those above the peer's budget are dropped. */
  receive(from: string, callId: string, signal: Signal): void;
  /** Calls that the host knows and that have not ended. */
  list(): CallInfo[];
  /** Informs the host of a call whose ring is still delayed. Call it before a request of the host for this call. */
  announce(callId: string): void;
  /** Null until the call was connected for a second. */
  statistics(callId: string): CallStatistics | null;
  /** Informs the host of labels and addresses that were learnt during a call. */
  contactsChanged(): void;
  readonly previews: Pick<Previews, "start" | "play" | "end" | "currentId">;
  /** Resolves when every device that a call or a preview has released is closed. */
  devicesClosed(): Promise<void>;
}

const CLOCKS = { dateMs, monotonicMs };

/** The call manager is not started yet. */
export function createCallService(options: CallServiceOptions): CallService {
  const { signalling, notify, alerts, logOf } = options;
  const environment = wireEnvironment(options);
  const sampler = new Sampler({
    environment,
    onLevels: (callId, levels) => notify("call.levels", { callId, ...levels }),
    onStatistics(statistics) {
      notify("call.statistics", statistics);
      reporter.update(statistics.callId); // its quality may have changed
    },
    onBegin: (callId) => reporter.update(callId), // its path is known
    ...CLOCKS,
  });
  const memory = wireMemory(options);
  const reporter = new CallReporter({
    mediaOf: environment.mediaOf,
    notify,
    labelOf: (peerId) => contactOf(signalling, peerId)?.label ?? "",
    ownCameraOf: (callId) => ownPictures.cameraOf(callId),
    qualityOf: (callId) => sampler.statistics(callId)?.quality ?? "unknown",
    protectionOf: (callId) => protectionOf(callId, { environment, sampler, signalling }),
    ...reportListeners(options),
    onRing({ peerId }) {
      environment.ringBudget.take(peerId);
      persister.scheduleUpdate();
    },
    onConnected({ callId, peerId }) {
      // Our user talks to this peer, however often it called before.
      environment.ringBudget.restore(peerId);
      sampler.start(callId);
      memory.callBegan(callId);
    },
    ...CLOCKS,
  });
  const { ownPictures, previews } = wirePreviews(options, environment, () => reporter.scheduleUpdate());
  const allCalls = () => Object.values(manager.getSnapshot().context.calls);
  const update = () => {
    ownPictures.scheduleUpdate(allCalls);
    reporter.scheduleUpdate();
    persister.scheduleUpdate();
    if (previews.currentId !== null && allCalls().some(isBegun)) previews.end("call");
  };
  const manager = createCallManager(environment, {
    ...managerCallbacks({ reporter, sampler, ownPictures, memory }, update),
    onBusy: (call) => alerts.onBusy({ ...call, peerLabel: contactOf(signalling, call.peerId)?.label ?? "" }),
  });
  const persister = wirePersister(options, manager, reporter);
  return {
    manager,
    devices: environment.devices,
    receive: receiverOf(manager, environment, signalling, logOf("signals")),
    list: () => reporter.list(),
    announce: (callId) => reporter.announce(callId),
    statistics: (callId) => sampler.statistics(callId),
    previews,
    contactsChanged: update,
    devicesClosed: environment.devicesClosed,
  };
}

function reportListeners({
  frames,
  alerts,
}: CallServiceOptions): Pick<ReporterOptions, "onReport" | "onReportedEnd"> {
  return {
    onReport(call) {
      frames.setContent(call.callId, "remote", contentOf(call.remote));
      alerts.onCall(call);
    },
    onReportedEnd: (ended) => alerts.onEnd(ended),
  };
}

/** A peer that reports nothing of its camera may send. */
function contentOf({ camera, screen }: CallInfo["remote"]): FrameContent {
  if (camera === "off") return "nothing";
  return screen ? "still" : "moving";
}

/** Its devices may be open, or are about to be: it was started or accepted here. */
export function isBegun({ direction, ref }: ManagedCall): boolean {
  const snapshot = ref.getSnapshot();
  const isUnanswered = direction === "incoming" && (snapshot.hasTag("ringing") || snapshot.hasTag("waiting"));
  return !isUnanswered && !snapshot.hasTag("ended");
}

interface CallObservers {
  readonly reporter: CallReporter;
  readonly sampler: Sampler;
  readonly ownPictures: OwnPictures;
  readonly memory: MemoryRelease;
}

function managerCallbacks(
  { reporter, sampler, ownPictures, memory }: CallObservers,
  onStateChange: () => void,
): CallManagerCallbacks {
  return {
    onCall: (call) => reporter.add(call),
    onEnd(ended) {
      sampler.stop(ended.callId);
      ownPictures.end(ended.callId);
      memory.callEnded(ended.callId);
      reporter.end(ended);
    },
    onStateChange,
  };
}

interface ProtectionSources extends Pick<CallServiceOptions, "signalling"> {
  readonly environment: Pick<CallEnvironment, "checkOf">;
  readonly sampler: Pick<Sampler, "isRelayed">;
}

function protectionOf(
  callId: string,
  { environment, sampler, signalling }: ProtectionSources,
): ProtectionFacts {
  return {
    check: environment.checkOf(callId).report(),
    isRelayed: sampler.isRelayed(callId),
    isHostRelayed: signalling.hostRelayed() !== null,
  };
}

/** A longer signal costs as much as several: its parsing, its record, and what its refusal takes. */
const CHARS_PER_SIGNAL = 8 * 1024;

function receiverOf(
  manager: CallManager,
  { signalBudget }: CallEnvironment,
  { isKnown }: Pick<SignallingService, "isKnown">,
  log: Log,
): CallService["receive"] {
  return (from, callId, signal) => {
    const chars = "sdp" in signal ? signal.sdp.length : 0;
    const isTaken = signalBudget.take(from, 1 + chars / CHARS_PER_SIGNAL);
    log(
      "debug",
      `${signal.type} of call ${callId} from ${from}${isTaken ? "" : " dropped, as it sends too many"}`,
    );
    if (!isTaken) return;
    const stranger = isKnown(from) ? {} : { isStranger: true as const };
    manager.send({ type: "signal.received", from, callId, signal, ...stranger });
  };
}

function contactOf(signalling: CallServiceOptions["signalling"], peerId: string): Contact | undefined {
  return signalling.contacts().find((contact) => contact.peerId === peerId);
}

function wirePersister(
  { signalling, notify, logOf }: CallServiceOptions,
  manager: CallManager,
  reporter: CallReporter,
): CallPersister {
  return new CallPersister({
    managerContext: () => manager.getSnapshot().context,
    timesOf: (callId) => reporter.timesOf(callId),
    addressesOf: (peerId) => contactOf(signalling, peerId)?.addresses ?? [],
    persist: (params) => notify("calls.persisted", params),
    log: logOf("calls"),
  });
}

function wireMemory({ engines, logOf }: CallServiceOptions): MemoryRelease {
  return new MemoryRelease({
    release: () => engines.native.releaseFreeMemory(),
    onError: (error) => logOf("process")("warn", `memory was not released: ${errorText(error)}`),
  });
}

/** @param onOwnPicture runs after each change of a ringing call's own picture */
function wirePreviews(
  { notify }: CallServiceOptions,
  environment: CallEnvironment,
  onOwnPicture: () => void,
): { ownPictures: OwnPictures; previews: Previews } {
  const { machine, forget } = providePreview(environment);
  return {
    ownPictures: new OwnPictures({ machine, onChange: onOwnPicture }),
    previews: new Previews({ machine, environment, notify, forget, createId: randomUUID }),
  };
}

function wireEnvironment(options: CallServiceOptions) {
  const { engines, frames, signalling, settings, onRefused, logOf } = options;
  const log = logOf("signals");
  return createCallEnvironment({
    ...engines,
    frames,
    settings,
    onRefused,
    isKnown: (peerId) => signalling.isKnown(peerId),
    send(peerId, callId, signal, abort) {
      log("debug", `${signal.type} of call ${callId} to ${peerId}`);
      return signalling.send(peerId, callId, signal, abort);
    },
    placeOfPeer: (peerId) => placeOf(signalling.addressesOf(peerId)),
    log: logOf("calls"),
  });
}
