// Everything that shows what the plugin does: the feed of chart events, the event log, the server for `inspect`, and the
// bundle for a bug report.

import type { AnyActorRef } from "xstate";
import type {
  Availability,
  CallStatistics,
  ChartLogEntry,
  DeviceList,
  Params,
  Refusal,
  Result,
  Settings,
} from "../../rpc-schema/index.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import { stampUs } from "../common/clock.ts";
import { RefusalLog } from "../common/refusal-log.ts";
import { pageRefusals, type Refusals } from "../common/refusals.ts";
import { writeBundle } from "../diagnostics/bundle.ts";
import { ChartFeed } from "../diagnostics/chart-feed.ts";
import { type ChartSubscription, createChartSubscription } from "../diagnostics/chart-subscription.ts";
import { createInspection } from "../diagnostics/inspection.ts";
import { createRecording, type Recording } from "../diagnostics/recording.ts";
import type { Log } from "../log.ts";
import type { Notify } from "../rpc/notifier.ts";

export interface DiagnosticsOptions extends BundleSources {
  /** The root actors, not yet started. */
  readonly roots: readonly AnyActorRef[];
  readonly settings: SettingsSource;
  /** Whether no call is in progress. */
  isIdle(): boolean;
  readonly notify: Notify;
  /** Where `inspect` looks for running plugins; without it only the host can see the charts. */
  readonly runtimeFolder: string | undefined;
  logOf(part: string): Log;
}

/** The parts of the plugin from which a bundle is collected. */
export interface BundleSources {
  readonly version: string;
  availability(): Availability;
  listDevices(): Promise<DeviceList>;
  readonly refusals: Refusals;
  /** Of all connected calls. */
  statistics(): CallStatistics[];
  /** The newest lines of the process's log. */
  recentLog(): readonly string[];
}

export interface DiagnosticsService {
  readonly charts: ChartSubscription;
  refusals(): readonly Refusal[];
  /** Writes the event log and serves `inspect`, as the settings say now and after each change. */
  start(params: Params<"initialize">): void;
  /** Writes the file of `debug.bundle`. */
  bundle(masked: boolean): Promise<Result<"debug.bundle">>;
  close(): Promise<void>;
}

export function createDiagnosticsService(options: DiagnosticsOptions): DiagnosticsService {
  const { roots, settings, version, notify, isIdle, runtimeFolder, refusals, logOf } = options;
  const feed = new ChartFeed({ roots, now: () => stampUs() / 1_000 });
  const recording = createRecording({ feed, version, log: logOf("diagnostics"), isIdle });
  let dataDir: string | undefined;
  const bundle = (masked: boolean) => collect(options, { feed, recording }, dataDir, masked);
  const inspection = createInspection({
    feed,
    version,
    settings: settings.get,
    folder: runtimeFolder,
    refusals: () => refusals.list(),
    bundle: ({ masked }) => bundle(masked),
    log: logOf("inspect"),
  });
  let unsubscribe = (): void => undefined;
  refusals.include(() => pageRefusals(inspection.turnedAway()));
  let refusalLog: RefusalLog | null = null;
  return {
    refusals: () => refusals.list(),
    charts: createChartSubscription({ feed, notify, settings: settings.get }),
    bundle,
    start({ identity, ...params }) {
      dataDir = params.dataDir;
      const follow = ({ recording: kind, debugging }: Settings) => {
        recording.follow(kind, dataDir);
        inspection.follow(debugging, identity.label);
      };
      follow(settings.get());
      refusalLog = new RefusalLog({
        list: () => refusals.list(),
        write: (message) => logOf("refusals")("warn", message),
        onChange: () => inspection.refusalsChanged(),
      });
      unsubscribe = settings.subscribe(follow);
    },
    async close() {
      unsubscribe();
      recording.close();
      refusalLog?.close();
      await inspection.close();
    },
  };
}

async function collect(
  { settings, ...sources }: DiagnosticsOptions,
  { feed, recording }: { feed: ChartFeed; recording: Recording },
  dataDir: string | undefined,
  masked: boolean,
): Promise<Result<"debug.bundle">> {
  const charts: ChartLogEntry[] = [];
  feed.record((entry) => charts.push(entry))();
  const { node = "", v8 = "", uv = "" } = process.versions;
  return writeBundle(
    {
      version: sources.version,
      versions: { node, v8, uv, platform: `${process.platform} ${process.arch}` },
      settings: settings.get(),
      availability: sources.availability(),
      devices: await sources.listDevices(),
      statistics: sources.statistics(),
      refusals: sources.refusals.list(),
      charts,
      log: sources.recentLog(),
      chartLog: recording.flush(),
    },
    dataDir,
    masked,
  );
}
