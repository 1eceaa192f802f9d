// Wires the process together: settings, engines, charts, and the handlers of the host's messages.

import type { Availability, DeviceList } from "../../rpc-schema/index.ts";
import { type AlertService, type AlertServiceOptions, createAlertService } from "../alerts/alert-service.ts";
import type { CallManager } from "../calls/call-manager.ts";
import { listDevices } from "../calls/device-monitor.ts";
import { logStates } from "../calls/state-log.ts";
import { errorText } from "../common/error-text.ts";
import { pageRefusals, Refusals } from "../common/refusals.ts";
import { createFrames } from "../frames/create-frames.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Handlers, HostNotificationHandlers } from "../rpc/dispatcher.ts";
import type { PluginEnd } from "../rpc/serve.ts";
import { createHostRelayedSignalling } from "../signalling/host-relayed-signalling.ts";
import { type AvailabilityService, createAvailabilityService } from "./availability-service.ts";
import { type CallService, createCallService } from "./call-service.ts";
import { createDiagnosticsService, type DiagnosticsService } from "./diagnostics-service.ts";
import type { Engines } from "./engines.ts";
import { createHandlers, createNotificationHandlers } from "./handlers.ts";
import { type Attach, createAttach, startServices, stopServices } from "./services.ts";
import { Session } from "./session.ts";
import { createSettingsStore, type SettingsStore, settingsIssue } from "./settings-store.ts";
import { createSignallingService, type SignallingService } from "./signalling-service.ts";
import { withDeviceWarnings } from "./unknown-devices.ts";

/** What main decides. */
export interface PluginOptions {
  readonly engines: Engines;
  /** The plugin's end of the link to the host, opened by main. */
  readonly end: PluginEnd;
  logOf(part: string): Log;
  readonly version: string;
  /** As Node names it. */
  readonly platform?: string;
  /** The newest lines of the process's log, for bug reports. */
  recentLog?(): readonly string[];
  /** Where `inspect` looks for running plugins; without it only the host can see the charts. */
  readonly runtimeFolder?: string;
}

/** What main serves, and the parts that it and the tests observe. */
export interface Plugin {
  readonly handlers: Handlers;
  readonly notificationHandlers: HostNotificationHandlers;
  /** Its end is the end of the plugin. */
  readonly attach: Attach;
  readonly callManager: CallManager;
  readonly settings: Pick<SettingsStore, "get">;
  readonly signalling: Pick<SignallingService, "self">;
  readonly frames: Pick<Frames, "counts">;
}

/**
 * Starts the charts, which wait for `initialize`. Before it no device is opened and no port is bound. The attach chart
 * stops what was started.
 */
export function createPlugin(options: PluginOptions): Plugin {
  const { engines, end, logOf, version, platform = process.platform } = options;
  const log = logOf("plugin");
  const session = new Session(platform);
  const devices = () => devicesOf(session, engines);
  const store = createSettingsStore((wanted) => settingsIssue(wanted, session.abilities));
  const settings = withDeviceWarnings(store, devices, logOf("settings"));
  const frames = createFrames({
    native: engines.native,
    outlet: end.outlet,
    pageOrigins: () => session.params?.pageOrigins ?? [],
    log: logOf("frames"),
  });
  const signalling = wireSignalling(options, session);
  const refusals = refusalsOf({ signalling, frames });
  const shared = { engines, frames, signalling, settings, onRefused: refusals.count, logOf };
  const alerts = wireAlerts(options, { session, settings, isKnown: signalling.isKnown }, () => handlers);
  const calls = createCallService({ ...shared, notify: end.notify, alerts: alerts.alerts });
  const { manager } = calls;
  const availability = createAvailabilityService({
    settings,
    devices: calls.devices,
    cameras: engines.cameras,
    whyNoEngine: engines.whyNoCalls,
    engineRemedy: engines.remedy,
    access: engines.access,
    onChange: (now) => availabilityChanged(now, { signalling, calls, end, log }),
    onDevices: (devices) => end.notify("devices.changed", devices),
  });
  const services = { ...shared, session, availability, calls, alerts };
  const attach = createAttach({
    startServices: () => startServices(services),
    async stopServices(reason) {
      await stopServices(services, reason);
      await diagnostics.close();
    },
  });
  const diagnostics = wireDiagnostics(options, { attach, calls, settings, availability, refusals, devices });
  logStates("callManager", manager, logOf("charts"), () => settings.get().debugging);
  const handlers = createHandlers({ ...services, attach, diagnostics, version, listDevices: devices });
  manager.start();
  attach.start();
  return {
    handlers,
    notificationHandlers: createNotificationHandlers({ attach, frames, signalling, log }),
    attach,
    callManager: manager,
    settings,
    signalling,
    frames,
  };
}

/** Of the whole process. The inspection server adds its own. */
function refusalsOf({ signalling, frames }: { signalling: SignallingService; frames: Frames }): Refusals {
  const refusals = new Refusals();
  refusals.include(() => signalling.refusals());
  refusals.include(() => pageRefusals(frames.turnedAway()));
  return refusals;
}

interface DiagnosedParts {
  readonly attach: Attach;
  readonly calls: CallService;
  readonly settings: SettingsStore;
  readonly availability: AvailabilityService;
  readonly refusals: Refusals;
  devices(): Promise<DeviceList>;
}

function wireDiagnostics(
  { end, logOf, recentLog, runtimeFolder, version }: PluginOptions,
  { attach, calls, settings, availability, refusals, devices }: DiagnosedParts,
): DiagnosticsService {
  const { manager } = calls;
  return createDiagnosticsService({
    ...{ settings, version, refusals, runtimeFolder, logOf },
    roots: [attach, manager],
    isIdle: () => Object.keys(manager.getSnapshot().context.calls).length === 0,
    availability: () => availability.now(),
    listDevices: devices,
    statistics: () => calls.list().flatMap(({ callId }) => calls.statistics(callId) ?? []),
    recentLog: recentLog ?? (() => []),
    notify: end.notify,
  });
}

/** What the user chooses in a notification passes the same checks as a request of the host. */
function wireAlerts(
  { engines, end, logOf }: PluginOptions,
  parts: Pick<AlertServiceOptions, "session" | "settings" | "isKnown">,
  handlers: () => Handlers,
): AlertService {
  const log = logOf("alerts");
  const run = async (what: string, request: () => unknown) => {
    try {
      await request();
    } catch (error) {
      log("warn", `the call was not ${what} from the notification: ${errorText(error)}`);
    }
  };
  return createAlertService({
    ...parts,
    engines,
    choices: {
      onAnswer: (callId) => void run("answered", () => handlers()["call.accept"]({ callId })),
      onDecline: (callId) => void run("declined", () => handlers()["call.reject"]({ callId })),
    },
    notify: end.notify,
    logOf,
  });
}

function wireSignalling({ engines, end, logOf }: PluginOptions, session: Session): SignallingService {
  const log = logOf("signalling");
  return createSignallingService({
    create: engines.createSignalling,
    createHostRelayed: (selfId, callbacks) =>
      createHostRelayedSignalling(
        { selfId, request: (message, limit) => end.request("signal.send", message, limit), log },
        callbacks,
      ),
    notify: end.notify,
    notifyLatest: end.notifyLatest,
    asksForContactChanges: () => session.hostHas("contactChanges"),
    log,
  });
}

interface AvailabilityListeners {
  readonly signalling: SignallingService;
  readonly calls: Pick<CallService, "manager" | "previews">;
  readonly end: PluginEnd;
  readonly log: Log;
}

/** Peers are informed first: a peer whose call ends by this must know that calling again is useless. */
function availabilityChanged(
  now: Availability,
  { signalling, calls: { manager, previews }, end, log }: AvailabilityListeners,
): void {
  const { videoDisabled, cause, why } = now;
  log("info", videoDisabled ? `calls are off: ${why}` : "calls are possible");
  // Where a device or a permission is missing, a preview shows it.
  if (cause === "user" || cause === "engine") previews.end("callsDisabled");
  signalling.setAvailability({ videoDisabled });
  manager.send({ type: "availability.changed", videoDisabled, ...(cause === undefined ? {} : { cause }) });
  end.notify("availability.changed", now);
}

/** In browser mode the devices belong to the host's page. */
async function devicesOf({ mode }: Session, engines: Engines): Promise<DeviceList> {
  if (mode === "browser") return { cameras: [], microphones: [], speakers: [] };
  return listDevices(engines);
}
