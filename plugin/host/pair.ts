// Two hosts on one machine that know each other by address: what the demo shows and what tests can call with.
// Decides which devices each of the two gets. Prints nothing.

import type {
  DeepPartial,
  Device,
  DeviceList,
  PluginNotificationParams,
  Settings,
} from "../../rpc-schema/index.ts";
import { type Host, type HostOptions, startHost } from "./host.ts";
import type { DeviceOptions } from "./options.ts";

/** An address is known some milliseconds after libp2p is loaded; a busy machine gets much more. */
const READY_TIMEOUT_MS = 30_000;
/** Two pitches, so that it can be heard who is who. */
const TONE_HZ = { alice: 440, bob: 660 } as const;

/** Ports are free ones and devices chosen by what the machine has, unless given. */
export interface PairOptions {
  readonly portA?: number;
  readonly portB?: number;
  readonly devices?: DeviceOptions;
  /** Further settings of both. */
  readonly settings?: DeepPartial<Settings>;
  readonly pluginCommand?: HostOptions["pluginCommand"];
  readonly onLog?: (label: string, line: string) => void;
}

/** Each has the other among its contacts. */
export interface Pair {
  readonly alice: Host;
  readonly bob: Host;
  /** Ends both. Idempotent. */
  stop(): Promise<void>;
}

/** @throws when either does not come up or they do not find each other; nothing is left running then */
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

/** Notes each host as soon as it runs, so that one is ended when the other fails. */
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
  // Both are waited for, so that no start is still under way when the first failure is answered by stopping.
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

/** On this machine alone: no mDNS, no STUN server. */
function pairSettings(further: DeepPartial<Settings> = {}, toneHz: number): DeepPartial<Settings> {
  const signalling = { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false };
  return { toneHz, iceServers: [], ...further, signalling: { ...signalling, ...further.signalling } };
}

async function chooseDevices(host: Host, wanted: DeviceOptions | undefined, place: 0 | 1): Promise<void> {
  const found = await host.plugin.request("devices.list", {});
  await host.updateSettings(deviceSettings(found, wanted, place));
}

/**
 * Real devices where there are any. A camera can be opened once only, so the second person gets the second camera or
 * the test pattern.
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

/** The plugin lists what it makes itself beside what is plugged in. */
function isReal({ id }: Device): boolean {
  return id !== "test-pattern" && id !== "tone" && id !== "none";
}

async function introduce(alice: Host, bob: Host): Promise<void> {
  const [ofAlice] = await Promise.all([ownAddress(alice), ownAddress(bob)]);
  await bob.plugin.request("contacts.add", { address: ofAlice });
  // Bob has dialled Alice; when she does not list him by that alone, she is given his address too.
  const { contacts } = await alice.plugin.request("contacts.list", {});
  const bobId = bob.state.signalling?.peerId;
  if (contacts.some(({ peerId }) => peerId === bobId)) return;
  await alice.plugin.request("contacts.add", { address: await ownAddress(bob) });
}

/** The first multiaddr of a host's plugin. @throws when signalling failed or is not ready in time */
export async function ownAddress(host: Host): Promise<string> {
  const changed = Promise.withResolvers<string>();
  const look = (signalling: PluginNotificationParams<"signalling.changed"> | undefined): void => {
    const [address] = signalling?.addresses ?? [];
    if (signalling?.state === "ready" && address) changed.resolve(address);
    if (signalling?.state === "failed") changed.reject(new Error(`signalling failed: ${signalling.why}`));
  };
  const off = host.plugin.onNotification("signalling.changed", look);
  const timer = setTimeout(
    () => changed.reject(new Error(`signalling was not ready within ${READY_TIMEOUT_MS} ms`)),
    READY_TIMEOUT_MS,
  );
  look(host.state.signalling);
  try {
    return await changed.promise;
  } finally {
    clearTimeout(timer);
    off();
  }
}
