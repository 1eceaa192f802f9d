// A user of deployed Goop² with the bridge: a Goop² peer, its HTTP API, and a real plugin that calls through it. All three end
// on every path.

import { AwaitableQueue } from "../../../plugin/host/conformance/awaitable-queue.ts";
import {
  type Bridge,
  type BridgeOptions,
  startBridge,
} from "../../../plugin/host/goop-bridge/start-bridge.ts";
import type { PluginNotificationName, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { SMALL_PICTURE } from "../fakes/small-picture.ts";
import { type GoopHttp, startGoopHttp } from "../goop-peer/goop/goop-http.ts";
import { type GoopNode, startGoopNode } from "../goop-peer/goop-node.ts";

export interface BridgedPeer {
  readonly node: GoopNode;
  readonly bridge: Bridge;
  /** The running HTTP API; `restartGoopHttp` replaces it. */
  goopHttp(): GoopHttp;
  /** Stops the HTTP API and starts another one at the same address. */
  restartGoopHttp(whileDown?: () => Promise<void>): Promise<void>;
  /** The bridge's messages for its user, in order. Each is taken once. */
  readonly lines: AwaitableQueue<string>;
  /** Takes the first matching notification of the plugin, received already or later. */
  next<N extends PluginNotificationName>(
    name: N,
    fits?: (params: PluginNotificationParams<N>) => boolean,
  ): Promise<PluginNotificationParams<N>>;
  /** The paths of all HTTP requests of the bridge. */
  requests(): string[];
  stop(): Promise<void>;
}

const SETTINGS: BridgeOptions["settings"] = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  picture: SMALL_PICTURE,
  iceServers: [],
};
const OBSERVED = ["call.incoming", "call.changed", "call.ended", "contacts.changed"] as const;

export async function startBridgedPeer(
  label: string,
  options: Partial<Pick<BridgeOptions, "timings" | "settings">> = {},
): Promise<BridgedPeer> {
  const node = await startGoopNode({ label });
  let goopHttp = await startGoopHttp(node);
  const past: GoopHttp[] = [];
  const lines = new AwaitableQueue<string>();
  const notifications = new AwaitableQueue<{ name: string; params: unknown }>();
  const ending = new AbortController();
  const stopNode = async () => {
    await goopHttp.stop();
    await node.stop();
  };
  let bridge: Bridge;
  try {
    bridge = await startBridge({
      goop: new URL(goopHttp.url),
      report: (line) => lines.add(line),
      signal: ending.signal,
      timings: {
        retryMs: 20,
        longestRetryMs: 100,
        pollPeersMs: 200,
        peersChangedDelayMs: 10,
        ...options.timings,
      },
      settings: { ...SETTINGS, ...options.settings },
    });
  } catch (error) {
    await stopNode();
    throw error;
  }
  for (const name of OBSERVED) {
    bridge.host.plugin.onNotification(name, (params) => notifications.add({ name, params }));
  }
  return {
    node,
    bridge,
    lines,
    goopHttp: () => goopHttp,
    async restartGoopHttp(whileDown) {
      past.push(goopHttp);
      const { port } = goopHttp;
      await goopHttp.stop();
      await whileDown?.();
      goopHttp = await startGoopHttp(node, { port });
    },
    async next(name, fits = () => true) {
      const matches = (one: { name: string; params: unknown }) =>
        one.name === name && fits(one.params as PluginNotificationParams<typeof name>);
      const { params } = await notifications.take(matches, `${label}'s ${name}`);
      return params as PluginNotificationParams<typeof name>;
    },
    requests: () => [...past, goopHttp].flatMap(({ requests }) => requests),
    async stop() {
      try {
        await bridge.stop();
      } finally {
        await stopNode();
      }
    },
  };
}
