// The methods `charts.list`, `charts.subscribe` and `charts.unsubscribe`. They are available only while the setting `debugging`
// is on.

import { type ChartDescription, type Result, RpcError, type Settings } from "../../rpc-schema/index.ts";
import { ALL_CHARTS, describeChart } from "../../statecharts/index.ts";
import type { Notify } from "../rpc/notifier.ts";
import type { ChartFeed } from "./chart-feed.ts";

export interface ChartSubscriptionOptions {
  readonly feed: ChartFeed;
  readonly notify: Notify;
  settings(): Pick<Settings, "debugging">;
}

export interface ChartSubscription {
  /** @throws RpcError debuggingOff */
  list(): Result<"charts.list">;
  /** A second call replaces the subscription. @throws RpcError debuggingOff */
  subscribe(): Result<"charts.subscribe">;
  unsubscribe(): void;
}

export function createChartSubscription({
  feed,
  notify,
  settings,
}: ChartSubscriptionOptions): ChartSubscription {
  let stop: (() => void) | null = null;
  const requireDebugging = () => {
    if (settings().debugging) return;
    const issue = { field: "settings.debugging", value: "false", expected: "true" };
    throw new RpcError("debuggingOff", "the setting `debugging` is off", { issues: [issue] });
  };
  const unsubscribe = () => {
    stop?.();
    stop = null;
  };
  return {
    list() {
      requireDebugging();
      return { charts: describeCharts() };
    },
    subscribe() {
      requireDebugging();
      unsubscribe();
      stop = feed.subscribe((entries) => {
        if (settings().debugging) notify("charts.recorded", { entries });
        else unsubscribe();
      });
      return { startedAt: feed.startedAt };
    },
    unsubscribe,
  };
}

export function describeCharts(): ChartDescription[] {
  return ALL_CHARTS.map(describeChart);
}
