// Measures every connected call: statistics once a second, sound levels ten times a second. The statistics steer lip sync
// and the adapt charts, and give the call its quality.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { CallStatistics } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { avOffset, type StatisticsMoment, statisticsOf } from "./call-statistics.ts";
import type { CallEnvironment } from "./environment.ts";
import {
  type AnswerTimes,
  type FrameFlow,
  measuredOf,
  NO_ANSWERS,
  nextAnswers,
  nextFlow,
} from "./measurements.ts";

/** WebRTC refreshes its own statistics about this often. */
const STATISTICS_MS = 1_000;
/** A level meter that moves ten times a second looks alive. */
const LEVELS_MS = 100;

/** Peaks since the last sample, 0 to 1. */
export interface Levels {
  readonly microphone: number;
  readonly speaker: number;
  /** What a muted microphone captured and did not send. */
  readonly mutedMicrophone?: number;
}

export interface SamplerOptions {
  readonly environment: Pick<CallEnvironment, "mediaOf" | "frames" | "settings" | "measurements" | "log">;
  onStatistics(statistics: CallStatistics): void;
  /** The first counters of the connection were read. */
  onBegin?(callId: string): void;
  onLevels(callId: string, levels: Levels): void;
  /** Unix milliseconds, for the date of the statistics. */
  dateMs(): number;
  /** Monotonic milliseconds, for rates. */
  monotonicMs(): number;
}

interface SampledCall {
  readonly timers: readonly NodeJS.Timeout[];
  /** The counters of the last second. */
  moment: StatisticsMoment | null;
  statistics: CallStatistics | null;
  flow: FrameFlow | null;
  answers: AnswerTimes;
}

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #calls = new Map<string, SampledCall>();
  /** Runs while calls are measured. */
  #loopLag: LoopLag | null = null;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Measures the call until `stop`. Does nothing when the call is measured already. */
  start(callId: string): void {
    if (this.#calls.has(callId)) return;
    const { environment, onLevels } = this.#options;
    const onError = (error: unknown) =>
      environment.log("debug", `no statistics for ${callId}: ${errorText(error)}`);
    const timers = [
      setInterval(() => void this.#sample(callId).catch(onError), STATISTICS_MS),
      setInterval(() => onLevels(callId, environment.mediaOf(callId).takeLevels()), LEVELS_MS),
    ];
    this.#calls.set(callId, { timers, moment: null, statistics: null, flow: null, answers: NO_ANSWERS });
    this.#begin(callId).catch(onError);
  }

  /** Idempotent. */
  stop(callId: string): void {
    for (const timer of this.#calls.get(callId)?.timers ?? []) clearInterval(timer);
    this.#calls.delete(callId);
    if (this.#calls.size > 0) return;
    this.#loopLag?.stop();
    this.#loopLag = null;
  }

  /** The newest statistics; null during the first second of the connection, and for a call that is not connected. */
  statistics(callId: string): CallStatistics | null {
    return this.#calls.get(callId)?.statistics ?? null;
  }

  /** Whether a TURN server passes the media on; null before a path was chosen. */
  isRelayed(callId: string): boolean | null {
    return this.#calls.get(callId)?.moment?.peer.isRelayed ?? null;
  }

  async #sample(callId: string): Promise<void> {
    const moment = await this.#read(callId);
    const call = this.#calls.get(callId);
    if (!call || !moment) return;
    const { environment, onStatistics } = this.#options;
    const last = call.moment;
    call.moment = moment;
    call.statistics = statisticsOf(moment, last);
    environment.mediaOf(callId).updateAvOffset(avOffset(moment, last));
    if (last) {
      call.flow = nextFlow(call.flow, moment, last);
      call.answers = nextAnswers(call.answers, moment, last);
      this.#publish(moment, last, call);
    }
    onStatistics(call.statistics);
  }

  /** Without the counters at the start, the first second could not be judged. On a slow link it fills the queue. */
  async #begin(callId: string): Promise<void> {
    const moment = await this.#read(callId);
    const call = this.#calls.get(callId);
    if (!call || !moment) return;
    call.moment ??= moment;
    this.#options.onBegin?.(callId);
  }

  /** @returns the counters of this moment; null without a connection, or when the call ended meanwhile */
  async #read(callId: string): Promise<StatisticsMoment | null> {
    const call = this.#calls.get(callId);
    const { environment, dateMs, monotonicMs } = this.#options;
    const media = environment.mediaOf(callId);
    const peer = await media.peer?.statistics();
    // The call may have ended while the engine gathered its statistics.
    if (!call || !peer || this.#calls.get(callId) !== call) return null;
    return {
      callId,
      at: dateMs(),
      measuredMs: monotonicMs(),
      peer,
      media: media.counts(),
      captureToSendMs: media.captureToSendMs(),
      pictureHoldMs: media.pictureHoldMs(),
      remoteFrames: environment.frames.counts(callId, "remote"),
      localFrames: environment.frames.counts(callId, "local"),
    };
  }

  #publish(moment: StatisticsMoment, last: StatisticsMoment, { flow, answers }: SampledCall): void {
    const { measurements, settings, mediaOf } = this.#options.environment;
    this.#loopLag ??= measureLoopLag();
    const beside = {
      maxVideoBps: settings.get().maxVideoBitrateBps,
      picture: mediaOf(moment.callId).captureFormat(),
      ...(mediaOf(moment.callId).isScreenShared ? { isScreen: true as const } : {}),
      loopLagMs: this.#loopLag.take(),
      flow,
      queuedMs: answers.queuedMs,
    };
    const measured = measuredOf(moment, last, beside);
    measurements.publish(moment.callId, measured);
    const { adaptation } = settings.get();
    void mediaOf(moment.callId).linkMeasured(measured, { adaptation, soundLoss: moment.peer.soundLoss });
  }
}

/** Interval of the timer that measures the event loop. A finer one costs more and shows no more at blocks of 10 ms. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1_000_000;

export interface LoopLag {
  /** The 90th percentile of the delay of timers since the last call, in milliseconds. */
  take(): number;
  stop(): void;
}

export function measureLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    take() {
      // A second without a single timer is one long block. The next second's maximum shows it.
      const delayMs = histogram.count === 0 ? RESOLUTION_MS : histogram.percentile(90) / NS_PER_MS;
      histogram.reset();
      return Math.max(0, delayMs - RESOLUTION_MS);
    },
    stop: () => void histogram.disable(),
  };
}
