// The effects of the attach chart: starts the services once the host is ready for notifications, and stops them in order.

import { type Actor, createActor, fromPromise, waitFor } from "xstate";
import type { Params, Settings } from "../../rpc-schema/index.ts";
import { attachMachine } from "../../statecharts/index.ts";
import type { AlertService } from "../alerts/alert-service.ts";
import { PeerBudget } from "../calls/peer-budget.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import { monotonicMs } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import type { OnRefused } from "../common/refusals.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Screens } from "../screen/screens.ts";
import type { Sound } from "../sound/sound.ts";
import type { AvailabilityService } from "./availability-service.ts";
import type { CallService } from "./call-service.ts";
import { callToResume } from "./resume-call.ts";
import type { Session } from "./session.ts";
import type { SignallingListener, SignallingService } from "./signalling-service.ts";

export type Attach = Actor<typeof attachMachine>;

type StopReason = "hostGone" | "shutdown";

/** What the attach chart decides to do, and when. */
export interface AttachEffects {
  startServices(): void;
  /** The chart limits the time that this may take. */
  stopServices(reason: StopReason): Promise<void>;
}

/** The actor is not started yet. */
export function createAttach({ startServices, stopServices: stop }: AttachEffects): Attach {
  const machine = attachMachine.provide({
    actors: {
      stopServices: fromPromise<void, { reason: StopReason }>(({ input }) => stop(input.reason)),
    },
    actions: { startServices },
  });
  return createActor(machine, { input: {} });
}

export interface ServiceOptions {
  readonly session: Session;
  readonly settings: SettingsSource;
  readonly availability: AvailabilityService;
  readonly signalling: SignallingService;
  readonly calls: CallService;
  readonly alerts: AlertService;
  readonly frames: Frames;
  readonly engines: { readonly sound: Sound; readonly screens: Pick<Screens, "keepChoicesIn"> };
  readonly onRefused: OnRefused;
  logOf(part: string): Log;
}

/**
 * Signalling starts even if no call is possible, because peers must learn that. In browser mode nothing starts.
 */
export function startServices(options: ServiceOptions): void {
  const { session, settings, availability, signalling, calls, alerts, engines, logOf } = options;
  const log = logOf("plugin");
  const { mode, params } = session;
  if (mode === "browser" || !params) return;
  alerts.start(params.dataDir);
  if (params.dataDir !== undefined) engines.screens.keepChoicesIn(params.dataDir);
  const resumption = callToResume(params.resume, calls.manager, log);
  const { peers, ...others } = settings.get().signalling;
  const config = signallingConfig(params, { ...others, peers: [...peers, ...resumption.addresses] });
  signalling
    .start(config, signallingListener(options))
    .catch((error: unknown) => log("error", `signalling did not start: ${errorText(error)}`));
  resumption.begin();
  availability.start();
}

/** The key is `identity.key` in the host's data folder. Without a folder it lasts as long as the process. */
function signallingConfig(
  { identity, dataDir, carrier }: Params<"initialize">,
  settings: Settings["signalling"],
) {
  return {
    label: identity.label,
    privateKeyFile: dataDir === undefined ? undefined : `${dataDir}/identity.key`,
    settings,
    relayPeerId: carrier?.selfId,
  };
}

/** What a connection of plugin/peer takes. Each one is an event of three charts. */
const CANDIDATES = { burst: 192, refillMs: 500, strangers: { burst: 192, refillMs: 100 } };

function signallingListener({
  calls,
  alerts,
  signalling,
  onRefused,
  logOf,
}: ServiceOptions): SignallingListener {
  const log = logOf("signals");
  const candidates = new PeerBudget({
    ...CANDIDATES,
    isKnown: signalling.isKnown,
    nowMs: monotonicMs,
    onRefused: () => onRefused("candidate"),
  });
  return {
    onSignal(from, callId, signal) {
      if (signal.type === "ice-candidate" && !candidates.take(from)) {
        log("debug", `a candidate of call ${callId} from ${from} is dropped: it sends too many`);
        return;
      }
      // A caller makes an offer after an answer. While the call still rings here, the answer came from elsewhere.
      if (signal.type === "call-offer") alerts.alerts.onTakenElsewhere(callId, from);
      calls.receive(from, callId, signal);
    },
    onReady: ({ peerId }) => calls.manager.send({ type: "signalling.ready", selfId: peerId }),
    onContacts: () => calls.contactsChanged(),
  };
}

/** Calls end first, because they still need signalling. The engines close once no call uses them. */
export async function stopServices(
  { availability, calls, alerts, frames, signalling, engines }: ServiceOptions,
  reason: StopReason,
): Promise<void> {
  availability.stop();
  calls.devices.close();
  calls.previews.end("shutdown");
  calls.manager.send({ type: "manager.close", reason });
  await waitFor(calls.manager, (snapshot) => snapshot.status !== "active");
  await calls.devicesClosed();
  await Promise.all([alerts.close(), frames.close(), engines.sound.close(), signalling.close()]);
}
