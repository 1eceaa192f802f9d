// Starts two hosts on one machine that know each other's address, and gives each its devices. The demo and tests use them.

import type {
  DeepPartial,
  Device,
  DeviceList,
  PluginNotificationParams,
  Settings,
} from "../../rpc-schema/index.ts";
import { type Host, type HostOptions, startHost } from "./host.ts";
import type { DeviceOptions } from "./options.ts";

/** An address is known some milliseconds after libp2p is loaded. A busy machine gets much more time. */
const READY_TIMEOUT_MS = 30_000;
/** Two pitches, so that the two sides sound different. */
const TONE_HZ = { alice: 440, bob: 660 } as const;

/** By default, ports are free ones, and devices are chosen from those that the machine has. */
export interface PairOptions {
  readonly portA?: number;
  readonly portB?: number;
  readonly devices?: DeviceOptions;
  /** Further settings for both. */
  readonly settings?: DeepPartial<Settings>;
  readonly pluginCommand?: HostOptions["pluginCommand"];
  readonly onLog?: (label: string, line: string) => void;
}

/** Two hosts that list each other as contacts. */
export interface Pair {
  readonly alice: Host;
  readonly bob: Host;
  /** Stops both. Idempotent. */
  stop(): Promise<void>;
}

/** @throws when either host fails to start or they do not find each other. Both are stopped then */
export async function startPair(options: PairOptions = {}): Promise<Pair> {
  const hosts: Host[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host.stop()));
  };
  try {
    const [alice, bob] = await startBoth(options, hosts);
    await introduce(alice, bob);
    return { alice, bob, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Adds each host to `started` as soon as it runs, so that the caller can stop one when the other fails. */
async function startBoth(options: PairOptions, started: Host[]): Promise<[Host, Host]> {
  const start = async (label: string, port: number | undefined, toneHz: number): Promise<Host> => {
    const { pluginCommand, onLog } = options;
    const host = await startHost({
      label,
      settings: pairSettings(options.settings, toneHz),
      ...(port === undefined ? {} : { port }),
      ...(pluginCommand ? { pluginCommand } : {}),
      ...(onLog ? { onLog: (line) => onLog(label, line) } : {}),
    });
    started.push(host);
    return host;
  };
  // Waits for both, so that no start is still in progress when the caller stops the hosts after a failure.
  const [alice, bob] = await Promise.allSettled([
    start("Alice", options.portA, TONE_HZ.alice),
    start("Bob", options.portB, TONE_HZ.bob),
  ]);
  if (alice.status === "rejected") throw alice.reason;
  if (bob.status === "rejected") throw bob.reason;
  const { devices } = options;
  await Promise.all([chooseDevices(alice.value, devices, 0), chooseDevices(bob.value, devices, 1)]);
  return [alice.value, bob.value];
}

/** Stays on this machine: no mDNS, no STUN server. */
function pairSettings(further: DeepPartial<Settings> = {}, toneHz: number): DeepPartial<Settings> {
  const signalling = { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false };
  return { toneHz, iceServers: [], ...further, signalling: { ...signalling, ...further.signalling } };
}

async function chooseDevices(host: Host, wanted: DeviceOptions | undefined, place: 0 | 1): Promise<void> {
  const found = await host.plugin.request("devices.list", {});
  await host.updateSettings(deviceSettings(found, wanted, place));
}

/**
 * Prefers real devices. A camera can be opened only once, so the second host gets the second camera or the test pattern.
 * @param place which of the two hosts
 */
export function deviceSettings(
  { cameras, microphones, speakers }: DeviceList,
  wanted: DeviceOptions | undefined,
  place: 0 | 1,
): Pick<Settings, "camera" | "microphone" | "speaker"> {
  const real = cameras.filter(isReal);
  const first = real.length > 0 ? "auto" : "test-pattern";
  const second = real.find(({ isDefault }) => !isDefault)?.id ?? "test-pattern";
  return {
    camera: wanted?.camera ?? (place === 0 ? first : second),
    microphone: wanted?.microphone ?? (microphones.some(isReal) ? "auto" : "tone"),
    speaker: wanted?.speaker ?? (speakers.some(isReal) ? "auto" : "none"),
  };
}

/** The plugin also lists its generated devices. */
function isReal({ id }: Device): boolean {
  return id !== "test-pattern" && id !== "tone" && id !== "none";
}

async function introduce(alice: Host, bob: Host): Promise<void> {
  const [ofAlice] = await Promise.all([ownAddress(alice), ownAddress(bob)]);
  await bob.plugin.request("contacts.add", { address: ofAlice });
  // Bob has dialled Alice. She gets his address too, unless she already lists him.
  const { contacts } = await alice.plugin.request("contacts.list", {});
  const bobId = bob.state.signalling?.peerId;
  if (contacts.some(({ peerId }) => peerId === bobId)) return;
  await alice.plugin.request("contacts.add", { address: await ownAddress(bob) });
}

/** The first multiaddr of a host's plugin. @throws when signalling failed or is not ready in time */
export async function ownAddress(host: Host): Promise<string> {
  const changed = Promise.withResolvers<string>();
  const check = (signalling: PluginNotificationParams<"signalling.changed"> | undefined): void => {
    const [address] = signalling?.addresses ?? [];
    if (signalling?.state === "ready" && address) changed.resolve(address);
    if (signalling?.state === "failed") changed.reject(new Error(`signalling failed: ${signalling.why}`));
  };
  const unsubscribe = host.plugin.onNotification("signalling.changed", check);
  const timer = setTimeout(
    () => changed.reject(new Error(`signalling was not ready within ${READY_TIMEOUT_MS} ms`)),
    READY_TIMEOUT_MS,
  );
  check(host.state.signalling);
  try {
    return await changed.promise;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}
