// Wires the process together: engines, charts, the host's link. Decides nothing; the charts do.

import { type Actor, createActor, fromPromise, waitFor } from "xstate";
import type { Availability, Contact, Params, Settings } from "../../rpc-schema/index.ts";
import { attachMachine, type CallMode, type HostAbilities, modeIssue } from "../../statecharts/index.ts";
import { type CallManager, createCallManager } from "../calls/call-manager.ts";
import { CallPersister } from "../calls/call-persister.ts";
import { CallReporter } from "../calls/call-reporter.ts";
import { type CallEnvironment, createCallEnvironment } from "../calls/environment.ts";
import { liveSettingsChange } from "../calls/settings-change.ts";
import { logStates } from "../calls/state-log.ts";
import { ChartFeed } from "../diagnostics/chart-feed.ts";
import { type ChartSubscription, createChartSubscription } from "../diagnostics/chart-subscription.ts";
import { createInspection, type Inspection } from "../diagnostics/inspection.ts";
import { createRecording, type Recording } from "../diagnostics/recording.ts";
import { createFrames } from "../frames/create-frames.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { PluginEnd } from "../rpc/serve.ts";
import { createHostRelayedSignalling } from "../signalling/host-relayed-signalling.ts";
import { type AvailabilityService, createAvailabilityService } from "./availability-service.ts";
import { collectDiagnostics } from "./collect-diagnostics.ts";
import type { Engines } from "./engines.ts";
import { callToResume } from "./resume-call.ts";
import { createSettingsStore, type SettingsChange, type SettingsStore } from "./settings-store.ts";
import { createSignallingService, type SignallingService } from "./signalling-service.ts";

/** What main decides. */
export interface PluginOptions {
  readonly engines: Engines;
  /** The plugin's end of the host's link, opened by main. */
  readonly end: PluginEnd;
  logOf(part: string): Log;
  readonly version: string;
  /** As Node names it. */
  readonly platform?: string;
  /** The newest lines of the process's log, for evidence. */
  recentLog?(): readonly string[];
  /** Where `inspect` looks for running plugins; without it the charts are watched by the host alone. */
  readonly runtimeFolder?: string;
}

/** What the handlers of the host's requests work with. */
export interface Plugin {
  readonly engines: Engines;
  readonly version: string;
  readonly attach: Actor<typeof attachMachine>;
  readonly callManager: CallManager;
  readonly settings: SettingsStore;
  readonly frames: Frames;
  readonly signalling: SignallingService;
  readonly availability: AvailabilityService;
  readonly reporter: CallReporter;
  readonly keeper: CallPersister;
  readonly feed: ChartFeed;
  readonly charts: ChartSubscription;
  readonly recording: Recording;
  readonly inspection: Inspection;
  /** The newest lines of the process's log. */
  recentLog(): readonly string[];
  readonly log: Log;
  /** What decides about the mode; the host's word comes with `initialize`. */
  abilities: HostAbilities;
  /** Answered by `initialize`; another one takes effect at the next start. */
  mode: CallMode;
  /** What `initialize` said; null before it. */
  identity: Params<"initialize"> | null;
  /** All who need to know are told before it returns. @throws RpcError invalidParams */
  changeSettings(change: Parameters<SettingsStore["change"]>[0]): SettingsChange;
}

/**
 * Starts the charts and waits for `initialize`; no device is opened and no port listened on before it. The
 * attach chart ends what was started.
 */
export function createPlugin(options: PluginOptions): Plugin {
  const { engines, end, logOf, version } = options;
  const log = logOf("plugin");
  const settings = createSettingsStore(({ mode }) => modeIssue(mode, plugin.abilities));
  const frames = createFrames({
    native: engines.native,
    outlet: end.outlet,
    pageOrigins: () => plugin.identity?.pageOrigins ?? [],
    log: logOf("frames"),
  });
  const signalling = wireSignalling(options, () => plugin);
  const context = createCallEnvironment({
    ...engines,
    frames,
    send(peerId, callId, signal, abort) {
      logOf("signals")("debug", `${signal.type} of call ${callId} to ${peerId}`);
      return signalling.send(peerId, callId, signal, abort);
    },
    settings: settings.get,
    log: logOf("calls"),
  });
  const reporter = wireReporter(options, context, () => plugin);
  const desk = createCallManager(context, {
    onCall: (call) => reporter.add(call),
    onEnd: (ended) => reporter.end(ended),
    onStateChange: () => callsMoved(plugin),
  });

  const availability = wireAvailability(options, context, () => plugin);
  const attach = createAttach({
    startServices: () => startServices(plugin),
    stopServices: (reason) => stopServices(plugin, context, reason),
  });

  const plugin: Plugin = {
    engines,
    version,
    attach,
    callManager: desk,
    settings,
    frames,
    signalling,
    availability,
    reporter,
    keeper: wireKeeper(options, () => plugin),
    ...wireEvidence(options, settings, attach, desk, () => plugin),
    log,
    abilities: { webviewCanCall: undefined, platform: options.platform ?? process.platform },
    mode: "native",
    identity: null,
    changeSettings: (change) => changeSettings(plugin, change),
  };
  logStates("callManager", desk, logOf("charts"), () => settings.get().debugging);
  desk.start();
  attach.start();
  return plugin;
}

/** `plugin` is asked once something comes in, when it is complete. */
function wireSignalling({ engines, end, logOf }: PluginOptions, plugin: () => Plugin): SignallingService {
  const log = logOf("signals");
  return createSignallingService({
    create: engines.createSignalling,
    createHostRelayed: (selfId, callbacks) =>
      createHostRelayedSignalling(
        {
          selfId,
          request: (message, limit) => end.request("signal.send", message, limit),
          log: logOf("signalling"),
        },
        callbacks,
      ),
    notify: end.notify,
    log: logOf("signalling"),
    onSignal(from, callId, signal) {
      log("debug", `${signal.type} of call ${callId} from ${from}`);
      plugin().callManager.send({ type: "signal.received", from, callId, signal });
    },
    onReady: ({ peerId }) => plugin().callManager.send({ type: "signalling.ready", selfId: peerId }),
    // A caller's label may be learnt while it rings, and where it can be reached.
    onContacts: () => callsMoved(plugin()),
  });
}

/** All that tells what the plugin did and does. `plugin` is asked once somebody watches. */
function wireEvidence(
  { end, logOf, version, recentLog, runtimeFolder }: PluginOptions,
  settings: SettingsStore,
  attach: Plugin["attach"],
  desk: CallManager,
  plugin: () => Plugin,
): Pick<Plugin, "feed" | "charts" | "recording" | "inspection" | "recentLog"> {
  const feed = new ChartFeed({
    roots: [attach, desk],
    now: () => performance.timeOrigin + performance.now(),
  });
  return {
    feed,
    charts: createChartSubscription({ feed, notify: end.notify, settings: settings.get }),
    recording: createRecording({ feed, version, log: logOf("evidence"), isIdle: () => isIdle(desk) }),
    inspection: createInspection({
      feed,
      version,
      settings: settings.get,
      folder: runtimeFolder,
      bundle: ({ masked }) => collectDiagnostics(plugin(), masked),
      log: logOf("inspect"),
    }),
    recentLog: recentLog ?? (() => []),
  };
}

function wireReporter({ end }: PluginOptions, context: CallEnvironment, plugin: () => Plugin): CallReporter {
  return new CallReporter({
    context,
    notify(name, params) {
      end.notify(name, params);
      if (name === "call.incoming") plugin().keeper.moved();
    },
    labelOf: (peerId) => contactOf(plugin(), peerId)?.label ?? "",
    now: Date.now,
  });
}

/** After the reporter, which knows when a call was connected. */
function wireKeeper({ end, logOf }: PluginOptions, plugin: () => Plugin): CallPersister {
  return new CallPersister({
    desk: () => plugin().callManager.getSnapshot().context,
    timesOf: (callId) => plugin().reporter.timesOf(callId),
    addressesOf: (peerId) => contactOf(plugin(), peerId)?.addresses ?? [],
    persist: (params) => end.notify("calls.persisted", params),
    log: logOf("calls"),
  });
}

function callsMoved({ reporter, keeper }: Pick<Plugin, "reporter" | "keeper">): void {
  reporter.moved();
  keeper.moved();
}

function contactOf({ signalling }: Plugin, peerId: string): Contact | undefined {
  return signalling.contacts().find((contact) => contact.peerId === peerId);
}

function changeSettings(plugin: Plugin, change: Parameters<SettingsStore["change"]>[0]): SettingsChange {
  const { settings, callManager, availability } = plugin;
  const last = settings.get();
  const changed = settings.change(change);
  const liveChange = liveSettingsChange(last, changed.settings);
  callManager.send({ type: "settings.changed", timeouts: changed.settings.timeouts, change: liveChange });
  availability.settingsChanged();
  followDiagnostics(plugin);
  return changed;
}

/** What is written and who may look, as the settings say; nothing before `initialize`. */
export function followDiagnostics({ identity, settings, recording, inspection }: Plugin): void {
  if (!identity) return;
  const { debugging, recording: wish } = settings.get();
  recording.follow(wish, identity.dataDir);
  inspection.follow(debugging, identity.identity.label);
}

function wireAvailability(
  { engines, end }: PluginOptions,
  { settings, devices, cameras }: CallEnvironment,
  plugin: () => Plugin,
): AvailabilityService {
  return createAvailabilityService({
    settings,
    devices,
    cameras,
    whyNoEngine: engines.whyNoCalls,
    access: engines.access,
    onChange: (now) => availabilityChanged(plugin(), now, end.notify),
    onDevices: (list) => end.notify("devices.changed", list),
  });
}

/** What the attach chart lets happen; it decides when. */
interface AttachEffects {
  startServices(): void;
  stopServices(reason: "hostGone" | "shutdown"): Promise<void>;
}

function createAttach({ startServices, stopServices: stop }: AttachEffects): Plugin["attach"] {
  const machine = attachMachine.provide({
    actors: {
      stopServices: fromPromise<void, { reason: "hostGone" | "shutdown" }>(({ input }) => stop(input.reason)),
    },
    actions: { startServices },
  });
  return createActor(machine, { input: {} });
}

/**
 * The host is ready for notifications: availability is told, and signalling begins, also where no call can be made,
 * since peers shall know. In the page's own mode there is nothing to do.
 */
function startServices({
  mode,
  identity,
  settings,
  availability,
  signalling,
  callManager,
  log,
}: Plugin): void {
  if (mode === "browser" || !identity) return;
  const call = callToResume(identity.resume, callManager, log);
  const { peers, ...further } = settings.get().signalling;
  startSignalling(signalling, identity, { ...further, peers: [...peers, ...call.addresses] }).catch(
    (error: unknown) => log("error", `starting failed: ${String(error)}`),
  );
  call.begin();
  availability.start();
}

/** The peers first: whose call ends by this shall know that another try is useless. */
function availabilityChanged(
  { signalling, callManager, log }: Plugin,
  now: Availability,
  notify: Notify,
): void {
  const { videoDisabled, cause, why } = now;
  log("info", videoDisabled ? `calls are off: ${why}` : "calls are possible");
  signalling.setAvailability({ videoDisabled });
  callManager.send({
    type: "availability.changed",
    videoDisabled,
    ...(cause === undefined ? {} : { cause }),
  });
  notify("availability.changed", now);
}

/**
 * The key lies in the host's data folder as `identity.key`; without a folder the identity lasts as long as
 * the process.
 */
function startSignalling(
  signalling: SignallingService,
  { identity, dataDir, carrier }: Params<"initialize">,
  settings: Settings["signalling"],
): Promise<void> {
  return signalling.start({
    label: identity.label,
    privateKeyFile: dataDir === undefined ? undefined : `${dataDir}/identity.key`,
    settings,
    relayPeerId: carrier?.selfId,
  });
}

/** Calls first, since they still need the signalling; the engines once nobody uses them. The attach chart has the clock. */
async function stopServices(
  { availability, callManager, frames, signalling, engines, recording, inspection }: Plugin,
  context: CallEnvironment,
  reason: "hostGone" | "shutdown",
): Promise<void> {
  availability.stop();
  context.devices.close();
  callManager.send({ type: "manager.close", reason });
  await waitFor(callManager, (snapshot) => snapshot.status !== "active");
  const { cameraMutex, microphoneMutex, speakerMutex } = context;
  await Promise.all([cameraMutex.idle(), microphoneMutex.idle(), speakerMutex.idle()]);
  await Promise.all([frames.close(), engines.sound.close(), signalling.close()]);
  recording.close();
  await inspection.close();
}

/** No call is under way. */
function isIdle(desk: CallManager): boolean {
  return Object.keys(desk.getSnapshot().context.calls).length === 0;
}
