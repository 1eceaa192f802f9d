// The event log as the settings want it: none, masked or as it is. Begins and ends with the setting.

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
   * @param dataDir the host's folder for the plugin; without one nothing is written
   */
  follow(wish: Settings["recording"], dataDir: string | undefined): void;
  /** The file written to, whole up to this moment; null without one. */
  flush(): string | null;
  close(): void;
}

export function createRecording(options: RecordingOptions): Recording {
  let open: { file: ChartLogFile; wish: string } | null = null;
  const close = () => {
    open?.file.close();
    open = null;
  };
  return {
    follow(wish, dataDir) {
      if (wish === (open?.wish ?? "off") || (wish !== "off" && dataDir === undefined)) return;
      close();
      if (wish === "off") return;
      const file = openChartLog({ ...options, folder: `${dataDir}/chart-logs`, masked: wish === "masked" });
      open = { file, wish };
    },
    flush: () => open?.file.flush() ?? null,
    close,
  };
}
