// Makes calls heard and seen outside the host's page: rings, shows notifications, and counts missed calls. Follows what the host is
// informed of, so that nothing rings that the page does not show.

import type { CallInfo, PluginNotificationParams, Settings } from "../../rpc-schema/index.ts";
import {
  type ClosingSound,
  closingSound,
  isMissed,
  lastingSound,
  type RingSound,
} from "../../statecharts/index.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import { AUTO_ID, NONE_ID } from "../sound/sound.ts";
import type { MissedCall } from "./missed-calls.ts";
import type { CallNotifier } from "./notifier.ts";
import type { Ringer } from "./ringer.ts";

/** What the host does itself. */
export interface HostAlerts {
  readonly rings: boolean;
  readonly notifies: boolean;
}

export interface CallAlertsOptions {
  readonly ringer: Pick<Ringer, "play" | "close">;
  readonly notifier: CallNotifier;
  readonly settings: SettingsSource;
  hostAlerts(): HostAlerts;
  /** The call was missed. */
  onMissed(call: MissedCall): void;
  /** A peer called during another call. */
  onBusy(call: MissedCall): void;
  /** The call ended otherwise: a late repetition of its request is no missed call. */
  onSettled(call: Pick<MissedCall, "callId" | "peerId">): void;
  /** Our user talks to this peer. */
  onTalk(peerId: string): void;
}

type Ended = PluginNotificationParams<"call.ended">;

export class CallAlerts {
  readonly #options: CallAlertsOptions;
  readonly #calls = new Map<string, CallInfo>();
  /** Calls that ring here although another window of the same user has answered them. */
  readonly #takenElsewhere = new Set<string>();
  readonly #unsubscribe: () => void;
  #closing: ClosingSound | null = null;

  constructor(options: CallAlertsOptions) {
    this.#options = options;
    this.#unsubscribe = options.settings.subscribe(() => this.#update());
  }

  /** The state of a call, new or changed. */
  onCall(call: CallInfo): void {
    const before = this.#calls.get(call.callId);
    this.#calls.set(call.callId, call);
    if (before?.phase === call.phase && before.peerLabel === call.peerLabel) return;
    this.#closing = null;
    if (call.phase === "connected") this.#options.onTalk(call.peerId);
    this.#update();
  }

  /** After the last state of the call. */
  onEnd(ended: Ended): void {
    const call = this.#calls.get(ended.callId);
    this.#calls.delete(ended.callId);
    const wasElsewhere = this.#takenElsewhere.delete(ended.callId);
    this.#closing = call === undefined || this.#calls.size > 0 ? null : closingSound(call, ended);
    this.#update();
    if (call === undefined || wasElsewhere || !isMissed(call, ended)) this.#options.onSettled(ended);
    else this.#options.onMissed(call);
  }

  onBusy(call: MissedCall): void {
    this.#options.onBusy(call);
  }

  /**
   * The caller negotiates with another window of our user, which has answered. Deployed Goop² shows every message in all of them.
   * The call ends here with the caller's hang-up.
   */
  onTakenElsewhere(callId: string, peerId: string): void {
    const call = this.#calls.get(callId);
    if (call?.peerId !== peerId || call.direction !== "incoming" || call.phase !== "ringing") return;
    this.#takenElsewhere.add(callId);
    this.#update();
  }

  /** Ends the ringing and withdraws the notification. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#calls.clear();
    this.#closing = null;
    await Promise.all([this.#options.ringer.close(), this.#options.notifier.close()]);
  }

  #update(): void {
    const { ringer, notifier, settings, hostAlerts } = this.#options;
    const calls = [...this.#calls.values()].filter(({ callId }) => !this.#takenElsewhere.has(callId));
    const { rings, notifies } = hostAlerts();
    const now = settings.get();
    const sound = lastingSound(calls) ?? this.#closing;
    const isSilent = sound === null || rings || now.ringtone === "off";
    ringer.play(isSilent ? null : { sound, speaker: speakerOf(sound, now) });
    const ringing = calls.find(({ direction, phase }) => direction === "incoming" && phase === "ringing");
    notifier.show(ringing === undefined || notifies || !now.notifications ? null : ringing);
  }
}

/** The ring is for the room. The other tones belong to a call, so they are heard where its voice is. */
function speakerOf(sound: RingSound, { ringer, speaker }: Settings): string {
  if (sound !== "ring") return speaker;
  // A user without a speaker wants no sound.
  return ringer === AUTO_ID && speaker === NONE_ID ? NONE_ID : ringer;
}
