// Two plugin processes whose hosts relay the signals. The test is both hosts, so it can read every signal.

import type { DeepPartial, Settings, Signal } from "../../../rpc-schema/index.ts";
import { type PluginProcess, type PluginProcessOptions, startPlugin } from "./plugin-process.ts";

const IDS = { alice: "12D3KooWAce1A1ice1A1iceA", bob: "12D3KooWBob1Bob1Bob1BobBo" } as const;

export interface RelayedSignal {
  readonly from: "alice" | "bob";
  readonly payload: Signal;
}

export interface HostRelayedPair {
  readonly alice: PluginProcess;
  readonly bob: PluginProcess;
  /** Every signal of both sides, in the order of its sending. */
  readonly signals: RelayedSignal[];
  stop(): Promise<void>;
}

/**
 * @param change what the hosts make of a signal on its way, or null to withhold it; the identity unless given
 * @param wraps as the option of this name of startPlugin, for each side
 * @param env of both processes, besides this one's
 */
export async function startHostRelayedPair(
  settings: DeepPartial<Settings>,
  change: (signal: RelayedSignal) => Signal | null = ({ payload }) => payload,
  wraps: Readonly<Partial<Record<"alice" | "bob", PluginProcessOptions["wrap"]>>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<HostRelayedPair> {
  const started: PluginProcess[] = [];
  const stop = async () => void (await Promise.all(started.map((one) => one.stop().catch(() => one.kill()))));
  const start = async (side: "alice" | "bob"): Promise<PluginProcess> => {
    const { [side]: wrap = [] } = wraps;
    const one = await startPlugin({ carrier: { selfId: IDS[side] }, settings, wrap, env });
    started.push(one);
    return one;
  };
  try {
    const alice = await start("alice");
    const bob = await start("bob");
    const signals: RelayedSignal[] = [];
    const relay = (from: "alice" | "bob", source: PluginProcess, target: PluginProcess) =>
      source.host.onRequest("signal.send", async ({ topic, payload }) => {
        const signal = { from, payload: payload as Signal };
        signals.push(signal);
        const changed = change(signal);
        if (changed) {
          await target.host.request("signal.deliver", { from: IDS[from], topic, payload: changed });
        }
        return null;
      });
    relay("alice", alice, bob);
    relay("bob", bob, alice);
    return { alice, bob, signals, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
