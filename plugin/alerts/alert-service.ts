// Wires what tells the user of calls outside the page: ringing, notifications, and the list of missed calls.

import { join } from "node:path";
import type { HOST_ALERTS, MissedCaller, Params, Result } from "../../rpc-schema/index.ts";
import { commonVersion } from "../../rpc-schema/index.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import { dateMs, monotonicMs } from "../common/clock.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { Sound } from "../sound/sound.ts";
import { CallAlerts, type HostAlerts } from "./call-alerts.ts";
import { type MissedCall, MissedCalls } from "./missed-calls.ts";
import { MissedCallsFile } from "./missed-calls-file.ts";
import type { CallNotifier, NotificationChoices } from "./notifier.ts";
import { Ringer } from "./ringer.ts";

const FILE = "missed-calls.json";

export interface AlertServiceOptions {
  readonly engines: {
    readonly sound: Pick<Sound, "openRinger">;
    createNotifier(choices: NotificationChoices): CallNotifier;
  };
  readonly session: {
    /** The params of `initialize`; null before it. */
    readonly params: Params<"initialize"> | null;
    hostHas(capability: (typeof HOST_ALERTS)[number]): boolean;
  };
  readonly settings: SettingsSource;
  /** Whether the user chose this peer. */
  isKnown(peerId: string): boolean;
  /** Carries out what the user chooses in a notification. */
  readonly choices: NotificationChoices;
  readonly notify: Notify;
  logOf(part: string): Log;
}

export interface AlertService {
  readonly alerts: CallAlerts;
  /** Reads the missed calls of earlier runs from the host's folder, if it gave one. */
  start(dataDir: string | undefined): void;
  missed(): Promise<Result<"calls.missed">>;
  see(params: Params<"calls.seen">): Promise<null>;
  /** Ends the ringing, and waits until the missed calls are stored. Never rejects. */
  close(): Promise<void>;
}

export function createAlertService(options: AlertServiceOptions): AlertService {
  const { engines, session, settings, isKnown, choices, notify, logOf } = options;
  const log = logOf("alerts");
  let file: MissedCallsFile | null = null;
  const create = (kept: readonly MissedCaller[]) =>
    new MissedCalls({
      kept,
      onChange(missed) {
        file?.write(missed);
        notify("calls.missedChanged", { missed: [...missed] });
      },
      isKnown,
      dateMs,
      monotonicMs,
    });
  let missedCalls = Promise.resolve(create([]));
  const withMissed = (use: (missed: MissedCalls) => void) => void missedCalls.then(use);
  const alerts = new CallAlerts({
    ringer: new Ringer({ sound: engines.sound, log }),
    notifier: engines.createNotifier(choices),
    settings,
    hostAlerts: () => hostAlertsOf(session),
    onMissed: (call: MissedCall) => withMissed((missed) => missed.add(call)),
    onBusy: (call) => withMissed((missed) => missed.addBusy(call)),
    onSettled: (call) => withMissed((missed) => void missed.settle(call)),
    onTalk: (peerId) => withMissed((missed) => missed.see({ peerId })),
  });
  return {
    alerts,
    start(dataDir) {
      if (dataDir === undefined) return;
      const stored = new MissedCallsFile(join(dataDir, FILE), log);
      file = stored;
      missedCalls = stored.read().then(create);
    },
    missed: async () => ({ missed: (await missedCalls).list() }),
    async see(params) {
      (await missedCalls).see(params);
      return null;
    },
    async close() {
      await alerts.close();
      await missedCalls;
      await file?.flush();
    },
  };
}

/** A host of version 1 was written for a plugin that is silent, and cannot say that it rings itself. */
function hostAlertsOf(session: AlertServiceOptions["session"]): HostAlerts {
  const { params } = session;
  if (params === null || commonVersion(params) === 1) return { rings: true, notifies: true };
  return { rings: session.hostHas("ringing"), notifies: session.hostHas("notifications") };
}
