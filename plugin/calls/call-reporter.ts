// Informs the host of its calls: `call.incoming`, `call.changed`, `call.ended`. Each notification differs from the one
// before it.

import type {
  CallInfo,
  CallQuality,
  DeviceState,
  PluginNotificationName,
  PluginNotificationParams,
} from "../../rpc-schema/index.ts";
import type { EndedCall, ManagedCall } from "../../statecharts/index.ts";
import { type Moment, momentAt } from "../common/clock.ts";
import { describeCall, type ProtectionFacts } from "./call-info.ts";
import type { CallTimes } from "./call-record.ts";
import type { CallEnvironment } from "./environment.ts";

/**
 * A host that was away delivers an old request and its hang-up at once. Such a call must not ring, and users do not
 * notice a ring that comes this much later.
 */
const RING_SETTLE_MS = 100;

export interface ReporterOptions {
  readonly mediaOf: CallEnvironment["mediaOf"];
  notify<N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>): void;
  /** Empty for a peer whose label is unknown. */
  labelOf(peerId: string): string;
  qualityOf(callId: string): CallQuality;
  /** The camera of the call's own picture while it rings at the other side. */
  ownCameraOf?(callId: string): DeviceState | undefined;
  protectionOf?(callId: string): ProtectionFacts;
  /** The host was informed of this state of a call. */
  onReport?(call: CallInfo): void;
  /** The host was informed of the end of a call. */
  onReportedEnd?(ended: PluginNotificationParams<"call.ended">): void;
  /** Runs before `call.incoming` is sent. */
  onRing(call: CallInfo): void;
  /** The media path stands for the first time in this process. */
  onConnected(call: CallInfo): void;
  /** Unix milliseconds, for dates. */
  dateMs(): number;
  /** Monotonic milliseconds, for the duration of a call. */
  monotonicMs(): number;
  /** From the request to the host's ring; {@link RING_SETTLE_MS} unless given. */
  readonly ringSettleMs?: number;
}

interface ReportedCall {
  readonly call: ManagedCall;
  readonly createdAt: number;
  connected: Moment | null;
  hasConnected: boolean;
  /** JSON of the last CallInfo that was sent, for comparison. */
  lastSent: string;
  /** Runs until the host is informed of the call; null afterwards. */
  settling: NodeJS.Timeout | null;
}

export class CallReporter {
  readonly #options: ReporterOptions;
  readonly #calls = new Map<string, ReportedCall>();
  #isUpdatePlanned = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Sends `call.incoming`, after a delay, when the user has to answer; otherwise `call.changed`. */
  add(call: ManagedCall): void {
    const { resumed } = call.ref.getSnapshot().context;
    const connectedAt = resumed?.connectedAt ?? null;
    const reported: ReportedCall = {
      call,
      createdAt: resumed?.createdAt ?? this.#options.dateMs(),
      connected: connectedAt === null ? null : momentAt(this.#options, connectedAt),
      hasConnected: false,
      lastSent: "",
      settling: null,
    };
    this.#calls.set(call.callId, reported);
    const isRinging = call.direction === "incoming" && this.#describe(reported).phase === "ringing";
    const settleMs = this.#options.ringSettleMs ?? RING_SETTLE_MS;
    if (!isRinging || settleMs === 0) this.#sendFirst(reported, isRinging);
    else reported.settling = setTimeout(() => this.#sendFirst(reported, true), settleMs);
  }

  /** Charts change in bursts, so the host is informed once the burst is over. */
  scheduleUpdate(): void {
    if (this.#isUpdatePlanned) return;
    this.#isUpdatePlanned = true;
    setImmediate(() => {
      this.#isUpdatePlanned = false;
      for (const reported of this.#calls.values()) this.#sendChange(reported);
    });
  }

  /** Sends the change of this call, if any, before it returns. */
  update(callId: string): void {
    const reported = this.#calls.get(callId);
    if (reported) this.#sendChange(reported);
  }

  /** Sends `call.incoming` now if it is still delayed, since the host shows by a request that it knows the call. */
  announce(callId: string): void {
    const reported = this.#calls.get(callId);
    if (!reported?.settling) return;
    clearTimeout(reported.settling);
    this.#sendFirst(reported, true);
  }

  /** Sends `call.ended` and forgets the call. Idempotent. */
  end({ callId, peerId, end }: EndedCall): void {
    const reported = this.#calls.get(callId);
    if (!reported) return;
    this.#calls.delete(callId);
    if (reported.settling) {
      clearTimeout(reported.settling);
      return; // the host was never informed of the call
    }
    const params = {
      callId,
      peerId,
      reason: end.reason,
      endedBy: end.endedBy,
      ...(end.detail === undefined ? {} : { detail: end.detail }),
      ...(end.replacedBy === undefined ? {} : { replacedBy: end.replacedBy }),
      durationMs: reported.connected?.elapsedMs() ?? 0,
    };
    this.#options.notify("call.ended", params);
    this.#options.onReportedEnd?.(params);
  }

  /** Calls that have not ended. A call that is only sending its hang-up has ended. */
  list(): CallInfo[] {
    return [...this.#calls.values()]
      .filter(({ settling }) => settling === null)
      .map((reported) => this.#describe(reported))
      .filter(({ phase }) => phase !== "ended");
  }

  /** Undefined before the host was informed of the call, and after its end. */
  timesOf(callId: string): CallTimes | undefined {
    const reported = this.#calls.get(callId);
    if (reported?.settling !== null) return undefined;
    const { createdAt, connected } = reported;
    return {
      createdAt,
      connectedAt: connected?.date() ?? null,
      ...(connected ? { connectedAtMachineMs: connected.atMachineMs } : {}),
    };
  }

  #describe({ call, createdAt, connected }: ReportedCall): CallInfo {
    const { mediaOf, qualityOf, labelOf, protectionOf, ownCameraOf } = this.#options;
    const media = mediaOf(call.callId);
    return describeCall(call, {
      createdAt,
      connectedAt: connected?.date() ?? null,
      quality: qualityOf(call.callId),
      peerLabel: labelOf(call.peerId),
      negotiated: media.peer?.negotiatedDirections() ?? null,
      sending: media.sendFormat(),
      soundStatus: media.soundStatus,
      ownCamera: ownCameraOf?.(call.callId),
      ...(protectionOf ? { protection: protectionOf(call.callId) } : {}),
    });
  }

  #sendFirst(reported: ReportedCall, isRinging: boolean): void {
    const info = this.#describe(reported);
    if (info.phase === "ended") return; // `end` follows and sends nothing either
    reported.settling = null;
    reported.lastSent = JSON.stringify(info);
    if (isRinging) this.#options.onRing(info);
    this.#options.notify(isRinging ? "call.incoming" : "call.changed", info);
    this.#options.onReport?.(info);
  }

  #sendChange(reported: ReportedCall): void {
    if (reported.settling) return;
    let info = this.#describe(reported);
    if (info.phase === "ended") return; // `call.ended` follows, with the reason
    if (info.phase === "connected" && !reported.hasConnected) {
      reported.hasConnected = true;
      reported.connected ??= momentAt(this.#options);
      info = this.#describe(reported);
      this.#options.onConnected(info);
    }
    const text = JSON.stringify(info);
    if (text === reported.lastSent) return;
    reported.lastSent = text;
    this.#options.notify("call.changed", info);
    this.#options.onReport?.(info);
  }
}
