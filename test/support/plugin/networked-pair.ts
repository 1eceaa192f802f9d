// Two plugin processes in networks of their own, on a laptop that moves and at a peer behind a router. Both call by voice only, so
// that several such pairs can run beside each other.

import type { CallInfo, DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { createMovingLaptop, type MovingLaptop, type Way } from "../network/moving-laptop.ts";
import { type HostRelayedPair, startHostRelayedPair } from "./host-relayed-pair.ts";
import { connectCall, type PluginProcess, startPlugin } from "./plugin-process.ts";

type Timeouts = DeepPartial<Settings>["timeouts"];

export interface NetworkedPairOptions {
  /** `node`: each plugin has a libp2p node. `host`: the test relays the signals as their hosts, over no network. */
  readonly signalling: "node" | "host";
  readonly version?: 4 | 6;
  /** Prepares the laptop before its plugin starts. */
  prepare?(network: MovingLaptop): void;
  readonly timeouts?: Timeouts;
}

export interface NetworkedPair {
  readonly network: MovingLaptop;
  readonly laptop: PluginProcess;
  readonly peer: PluginProcess;
  /** Empty for `node`. */
  readonly signals: HostRelayedPair["signals"];
  /** Calls from one side, and waits for sound on both. @returns the call's id */
  call(from: "laptop" | "peer"): Promise<string>;
  /** Waits until both sides have lost the path. Call it before `found`. */
  lost(): Promise<void>;
  /** Waits until both sides have a path again and get sound. */
  found(): Promise<void>;
  /** Waits until a way has carried seconds of sound in both directions, from now on. */
  carried(way: Way): Promise<void>;
  /** Stops every process of the laptop's plugin, as a laptop that sleeps, or lets them go on. */
  sleep(side: "laptop" | "peer", isAsleep: boolean): void;
  stop(): Promise<void>;
}

/** The plugin and its children are a process group of their own, which does not end with the test by itself. */
const OWN_GROUP = ["setsid"];
const groups = new Set<number>();
process.on("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL");
});

export async function startNetworkedPair(options: NetworkedPairOptions): Promise<NetworkedPair> {
  const network = createMovingLaptop(options.version);
  try {
    options.prepare?.(network);
    const started = await startPlugins(network, options);
    for (const { pid } of [started.laptop, started.peer]) groups.add(pid);
    return { network, ...started, ...waitsOf(started, network), stop: () => stop(network, started) };
  } catch (error) {
    network.remove();
    throw error;
  }
}

type Sides = Pick<NetworkedPair, "laptop" | "peer" | "signals">;

async function startPlugins(network: MovingLaptop, options: NetworkedPairOptions): Promise<Sides> {
  const settings: DeepPartial<Settings> = {
    timeouts: { lostMs: 500, ...options.timeouts },
    signalling: { listen: [`/ip4/0.0.0.0/tcp/0`], peers: [], mdns: false },
  };
  const [onLaptop, atPeer] = [network.laptop, network.peer].map((within) => [...OWN_GROUP, ...within]);
  if (options.signalling === "host") {
    const pair = await startHostRelayedPair(settings, undefined, { alice: onLaptop, bob: atPeer });
    return { laptop: pair.alice, peer: pair.bob, signals: pair.signals };
  }
  const [laptop, peer] = await Promise.all(
    [onLaptop, atPeer].map((wrap) => startPlugin({ settings, wrap: wrap ?? [] })),
  );
  if (!laptop || !peer) throw new Error("unreachable: both have started");
  const address = peer.address.replace(/\/ip4\/[^/]+/, `/ip4/${network.addressOf("line")}`);
  await laptop.host.request("contacts.add", { address });
  return { laptop, peer, signals: [] };
}

/** Three seconds of the sound of one side. */
const CARRIED_BYTES = 20_000;

function waitsOf(
  { laptop, peer }: Sides,
  network: MovingLaptop,
): Pick<NetworkedPair, "call" | "lost" | "found" | "carried" | "sleep"> {
  const both = [laptop, peer];
  const inPhase = (phase: CallInfo["phase"]) =>
    Promise.all(both.map((one) => one.next("call.changed", (call) => call.phase === phase)));
  /** The phase may have come back before. */
  const isConnected = async () => {
    for (const one of both) {
      const { calls } = await one.host.request("call.list", {});
      if (calls[0]?.phase !== "connected")
        await one.next("call.changed", ({ phase }) => phase === "connected");
    }
  };
  const sound = async () => {
    for (const one of both) one.clearNotifications();
    await Promise.all(both.map((one) => one.next("call.statistics", (now) => now.receiveAudioBps > 0)));
    for (const one of both) one.clearNotifications();
  };
  return {
    async call(from) {
      const callId = await (from === "laptop"
        ? connectCall(laptop, peer, "audio")
        : connectCall(peer, laptop, "audio"));
      await sound();
      return callId;
    },
    async lost() {
      await inPhase("reconnecting");
      for (const one of both) one.clearNotifications();
    },
    async found() {
      await isConnected();
      await sound();
    },
    async carried(way) {
      const wanted = network.carriedBytes(way) + CARRIED_BYTES;
      while (network.carriedBytes(way) < wanted) {
        laptop.clearNotifications();
        await laptop.next("call.statistics");
      }
    },
    sleep: (side, isAsleep) =>
      signalGroup((side === "laptop" ? laptop : peer).pid, isAsleep ? "SIGSTOP" : "SIGCONT"),
  };
}

async function stop(network: MovingLaptop, { laptop, peer }: Sides): Promise<void> {
  for (const { pid } of [laptop, peer]) signalGroup(pid, "SIGCONT");
  await Promise.all([laptop, peer].map((one) => one.stop().catch(() => one.kill())));
  for (const { pid } of [laptop, peer]) {
    signalGroup(pid, "SIGKILL");
    groups.delete(pid);
  }
  network.remove();
}

/** Does nothing when the group has ended. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
