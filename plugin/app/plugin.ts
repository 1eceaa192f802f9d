// Wires the process together: engines, charts, the host's link. Decides nothing; the charts do.

import { type Actor, createActor, fromPromise, waitFor } from "xstate";
import type { Params, Settings } from "../../rpc-schema/index.ts";
import { attachMachine } from "../../statecharts/index.ts";
import { CallReporter } from "../calls/call-reporter.ts";
import { type CallContext, createCallContext } from "../calls/context.ts";
import { createDesk, type Desk } from "../calls/desk.ts";
import { createFrames } from "../frames/create-frames.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { PluginEnd } from "../rpc/serve.ts";
import { createSettingsStore, type SettingsStore } from "../settings/settings-store.ts";
import type { Engines } from "./engines.ts";
import { createSignallingService, type SignallingService } from "./signalling-service.ts";

/** What main decides. */
export interface PluginOptions {
  readonly engines: Engines;
  /** The plugin's end of the host's link, opened by main. */
  readonly end: PluginEnd;
  logOf(part: string): Log;
  readonly version: string;
}

/** What the handlers of the host's requests work with. */
export interface Plugin {
  readonly engines: Engines;
  readonly version: string;
  readonly attach: Actor<typeof attachMachine>;
  readonly desk: Desk;
  readonly settings: SettingsStore;
  readonly frames: Frames;
  readonly signalling: SignallingService;
  readonly reporter: CallReporter;
  readonly log: Log;
  /** What `initialize` said; null before it. */
  identity: Params<"initialize"> | null;
  /** Tells the desk too, whose later calls take the new timeouts. @throws RpcError invalidParams */
  changeSettings(change: Parameters<SettingsStore["change"]>[0]): ReturnType<SettingsStore["change"]>;
}

/**
 * Starts the charts and waits for `initialize`; no device is opened and no port listened on before it. The
 * attach chart ends what was started.
 */
export function createPlugin({ engines, end, logOf, version }: PluginOptions): Plugin {
  const log = logOf("plugin");
  const settings = createSettingsStore();
  const frames = createFrames({ native: engines.native, outlet: end.outlet, log: logOf("frames") });
  const signalling = createSignallingService({
    create: engines.createSignalling,
    notify: end.notify,
    log: logOf("signalling"),
    onSignal: (from, callId, signal) => desk.send({ type: "signal.received", from, callId, signal }),
    onReady: ({ peerId }) => desk.send({ type: "signalling.ready", selfId: peerId }),
    // A caller's label may be learnt while it rings.
    onContacts: () => reporter.moved(),
  });
  const context = createCallContext({
    ...engines,
    frames,
    send: signalling.send,
    settings: settings.get,
    log: logOf("calls"),
  });
  const reporter = new CallReporter({
    context,
    notify: end.notify,
    labelOf: (peerId) => signalling.contacts().find((contact) => contact.peerId === peerId)?.label ?? "",
    now: Date.now,
  });
  const desk = createDesk(context, {
    onCall: (call) => reporter.add(call),
    onEnd: (ended) => reporter.end(ended),
    onMove: () => reporter.moved(),
  });

  const attach = createAttach({
    startServices: () => startServices(plugin, context, end.notify),
    stopServices: (reason) => stopServices({ desk, context, frames, signalling, engines }, reason),
  });

  const plugin: Plugin = {
    engines,
    version,
    attach,
    desk,
    settings,
    frames,
    signalling,
    reporter,
    log,
    identity: null,
    changeSettings(change) {
      const changed = settings.change(change);
      desk.send({ type: "settings.changed", timeouts: changed.settings.timeouts });
      return changed;
    },
  };
  desk.start();
  attach.start();
  return plugin;
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

/** The host is ready for notifications: signalling begins, or the host is told why no call can be made. */
function startServices(
  { engines, identity, settings, signalling, log }: Plugin,
  context: CallContext,
  notify: Notify,
): void {
  const { whyNoCalls } = engines;
  if (whyNoCalls !== null || !identity) {
    notify("signalling.changed", { state: "failed", addresses: [], why: whyNoCalls ?? "" });
    return;
  }
  announceDevices(context, notify);
  startSignalling(signalling, identity, settings.get()).catch((error: unknown) =>
    log("error", `starting failed: ${String(error)}`),
  );
}

/**
 * The key lies in the host's data folder as `identity.key`; without a folder the identity lasts as long as
 * the process.
 */
function startSignalling(
  signalling: SignallingService,
  { identity, dataDir }: Params<"initialize">,
  settings: Settings,
): Promise<void> {
  return signalling.start({
    label: identity.label,
    privateKeyFile: dataDir === undefined ? undefined : `${dataDir}/identity.key`,
    settings: settings.signalling,
  });
}

/** The first list is not news: a host that wants it asks for it. */
function announceDevices({ devices }: CallContext, notify: Notify): void {
  let isFirst = true;
  devices.subscribe((list) => {
    if (!isFirst) notify("devices.changed", list);
    isFirst = false;
  });
}

interface Services {
  readonly desk: Desk;
  readonly context: CallContext;
  readonly frames: Frames;
  readonly signalling: SignallingService;
  readonly engines: Engines;
}

/** Calls first, since they still need the signalling; the engines once nobody uses them. The attach chart has the clock. */
async function stopServices(
  { desk, context, frames, signalling, engines }: Services,
  reason: "hostGone" | "shutdown",
): Promise<void> {
  context.devices.close();
  desk.send({ type: "desk.close", reason });
  await waitFor(desk, (snapshot) => snapshot.status !== "active");
  const { cameraTurn, microphoneTurn, speakerTurn } = context;
  await Promise.all([cameraTurn.idle(), microphoneTurn.idle(), speakerTurn.idle()]);
  await Promise.all([frames.close(), engines.sound.close(), signalling.close()]);
}
