// Starts and stops the chart log as the setting `recording` says: off, masked or full.

import type { Settings } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import type { ChartFeed } from "./chart-feed.ts";
import { type ChartLogFile, openChartLog } from "./chart-log-file.ts";

export interface RecordingOptions {
  readonly feed: ChartFeed;
  readonly version: string;
  readonly log: Log;
  isIdle(): boolean;
}

export interface Recording {
  /**
   * Applies the setting.
   * @param dataDir the host's folder for the plugin; without one nothing is written
   */
  follow(setting: Settings["recording"], dataDir: string | undefined): void;
  /** Writes all lines so far. @returns the path of the file; null without one */
  flush(): string | null;
  close(): void;
}

export function createRecording(options: RecordingOptions): Recording {
  let open: { file: ChartLogFile; setting: string } | null = null;
  const close = () => {
    open?.file.close();
    open = null;
  };
  return {
    follow(setting, dataDir) {
      if (setting === (open?.setting ?? "off") || (setting !== "off" && dataDir === undefined)) return;
      close();
      if (setting === "off") return;
      const file = openChartLog({
        ...options,
        folder: `${dataDir}/chart-logs`,
        masked: setting === "masked",
      });
      open = { file, setting };
    },
    flush: () => open?.file.flush() ?? null,
    close,
  };
}
