// Tells the host of its calls: new ones, every change, statistics, levels, the end. Only what differs from what was
// told last is told again.

import type {
  CallInfo,
  CallStatistics,
  PluginNotificationName,
  PluginNotificationParams,
} from "../../rpc-schema/index.ts";
import type { EndedCall, ManagedCall } from "../../statecharts/index.ts";
import { errorText } from "../common/error-text.ts";
import { type CallInfoInput, describeCall } from "./call-info.ts";
import { avOffset, type StatisticsMoment, statisticsOf } from "./call-statistics.ts";
import type { CallEnvironment } from "./environment.ts";
import { type LoopLag, measuredOf, measureLoopLag, type SendPlan } from "./sampler.ts";

/** What WebRTC's own statistics are fresh enough for, and eyes can follow. */
const STATISTICS_MS = 1_000;
/** A level meter that moves ten times a second looks alive. */
const LEVELS_MS = 100;

/**
 * A request whose hang-up is right behind it, as when a host hands over what it kept while nobody looked, should not
 * ring; and nobody notices a ring that comes this much later.
 */
const RING_SETTLE_MS = 100;

export interface ReporterOptions {
  readonly context: CallEnvironment;
  notify<N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>): void;
  /** Empty for a peer that has told no label. */
  labelOf(peerId: string): string;
  /** Unix milliseconds. */
  now(): number;
  /** From the request to the host's ring; {@link RING_SETTLE_MS} unless given. */
  readonly ringSettleMs?: number;
}

/** One call and what the host was told of it last. */
interface Watched {
  readonly call: ManagedCall;
  readonly createdAt: number;
  connectedAt: number | null;
  /** JSON of the last CallInfo that was sent, for comparison. */
  told: string;
  /** The sums of the last second, from which rates are made. */
  moment: StatisticsMoment | null;
  statistics: CallStatistics | null;
  timers: NodeJS.Timeout[];
  /** Until the host is told of it; null afterwards. */
  settling: NodeJS.Timeout | null;
}

/** Its timers run while a call is connected and stop with `end`. */
export class CallReporter {
  readonly #options: ReporterOptions;
  readonly #watched = new Map<string, Watched>();
  #isFlushPlanned = false;
  /** Runs while there are calls. */
  #loopLag: LoopLag | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Tells of it: as `call.incoming` when the user has to answer, once that settled, otherwise as `call.changed`. */
  add(call: ManagedCall): void {
    const { resumed } = call.ref.getSnapshot().context;
    const watched: Watched = {
      call,
      createdAt: resumed?.createdAt ?? this.#options.now(),
      connectedAt: resumed?.connectedAt ?? null,
      told: "",
      moment: null,
      statistics: null,
      timers: [],
      settling: null,
    };
    this.#watched.set(call.callId, watched);
    const asksUser = call.direction === "incoming" && this.#describe(watched).phase === "ringing";
    const settleMs = this.#options.ringSettleMs ?? RING_SETTLE_MS;
    if (!asksUser || settleMs === 0) this.#tellNew(watched, asksUser);
    else watched.settling = setTimeout(() => this.#tellNew(watched, true), settleMs);
  }

  #tellNew(watched: Watched, asksUser: boolean): void {
    const info = this.#describe(watched);
    if (info.phase === "ended") return; // its end finds it unsettled and is not told either
    watched.settling = null;
    watched.told = JSON.stringify(info);
    if (asksUser) this.#options.context.ringBudget.take(info.peerId);
    this.#options.notify(asksUser ? "call.incoming" : "call.changed", info);
  }

  /** Charts move in bursts; the host is told once the burst is over. */
  moved(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      for (const watched of this.#watched.values()) this.#tellChange(watched);
    });
  }

  /** Tells the reason and forgets the call; a second time does nothing. */
  end({ callId, peerId, end }: EndedCall): void {
    const watched = this.#watched.get(callId);
    if (!watched) return;
    if (watched.settling) clearTimeout(watched.settling);
    for (const timer of watched.timers) clearInterval(timer);
    this.#watched.delete(callId);
    if (this.#watched.size === 0) {
      this.#loopLag?.stop();
      this.#loopLag = null;
    }
    if (watched.settling) return; // the host never heard of it
    const { connectedAt } = watched;
    this.#options.notify("call.ended", {
      callId,
      peerId,
      reason: end.reason,
      endedBy: end.endedBy,
      ...(end.detail === undefined ? {} : { detail: end.detail }),
      ...(end.replacedBy === undefined ? {} : { replacedBy: end.replacedBy }),
      durationMs: connectedAt === null ? 0 : Math.max(0, this.#options.now() - connectedAt),
    });
  }

  /** Calls that have not ended; one that only still says goodbye has. */
  list(): CallInfo[] {
    return [...this.#watched.values()]
      .filter(({ settling }) => settling === null)
      .map((watched) => this.#describe(watched))
      .filter(({ phase }) => phase !== "ended");
  }

  /** Unix milliseconds; undefined for a call that the host was not told of, or no longer. */
  timesOf(callId: string): Pick<CallInfoInput, "createdAt" | "connectedAt"> | undefined {
    const watched = this.#watched.get(callId);
    if (watched?.settling !== null) return undefined;
    const { createdAt, connectedAt } = watched;
    return { createdAt, connectedAt };
  }

  /** Null until the first second of the connection is over. */
  statistics(callId: string): CallStatistics | null {
    return this.#watched.get(callId)?.statistics ?? null;
  }

  #describe({ call, createdAt, connectedAt, statistics }: Watched): CallInfo {
    const facts: CallInfoInput = {
      createdAt,
      connectedAt,
      quality: statistics?.quality ?? "unknown",
      peerLabel: this.#options.labelOf(call.peerId),
      negotiated: this.#options.context.mediaOf(call.callId).peer?.negotiatedDirections() ?? null,
      sending: this.#options.context.mediaOf(call.callId).sendFormat(),
    };
    return describeCall(call, facts);
  }

  #tellChange(watched: Watched): void {
    if (watched.settling) return;
    let info = this.#describe(watched);
    if (info.phase === "ended") return; // call.ended follows, with the reason
    if (info.phase === "connected" && watched.timers.length === 0) {
      watched.connectedAt ??= this.#options.now();
      // Our user wants to speak with this peer, however often it called before.
      this.#options.context.ringBudget.restore(info.peerId);
      this.#startTimers(watched);
      info = this.#describe(watched);
    }
    const text = JSON.stringify(info);
    if (text === watched.told) return;
    watched.told = text;
    this.#options.notify("call.changed", info);
  }

  /** For the charts that decide how big and how often pictures are. */
  #publish(moment: StatisticsMoment, last: StatisticsMoment, picture: SendPlan["picture"]): void {
    const { measurements, settings } = this.#options.context;
    this.#loopLag ??= measureLoopLag();
    const plan = { maxVideoBps: settings().maxVideoBitrateBps, picture };
    measurements.publish(moment.callId, measuredOf(moment, last, this.#loopLag.take(), plan));
  }

  #startTimers(watched: Watched): void {
    const { callId } = watched.call;
    watched.timers.push(
      setInterval(() => {
        this.#measure(watched).catch((error: unknown) =>
          this.#options.context.log("debug", `no statistics for ${callId}: ${errorText(error)}`),
        );
      }, STATISTICS_MS),
      setInterval(() => {
        const levels = this.#options.context.mediaOf(callId).takeLevels();
        this.#options.notify("call.levels", { callId, ...levels });
      }, LEVELS_MS),
    );
  }

  async #measure(watched: Watched): Promise<void> {
    const { callId } = watched.call;
    const { context, now } = this.#options;
    const media = context.mediaOf(callId);
    const peer = await media.peer?.statistics();
    // The call may have ended while the engine counted.
    if (!peer || this.#watched.get(callId) !== watched) return;
    const moment: StatisticsMoment = {
      callId,
      at: now(),
      peer,
      media: media.counts(),
      captureToSendMs: media.captureToSendMs(),
      pictureHoldMs: media.pictureHoldMs(),
      remoteFrames: context.frames.counts(callId, "remote"),
      localFrames: context.frames.counts(callId, "local"),
    };
    watched.statistics = statisticsOf(moment, watched.moment);
    media.updateAvOffset(avOffset(moment, watched.moment));
    if (watched.moment) this.#publish(moment, watched.moment, media.captureFormat());
    watched.moment = moment;
    this.#options.notify("call.statistics", watched.statistics);
    this.#tellChange(watched);
  }
}
