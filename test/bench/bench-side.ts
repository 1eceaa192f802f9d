// One side of a measured call: a PulseAudio of its own with sound in the microphone, the reference host, and the compiled
// plugin with the preloaded probe.

import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import type { HostTransport } from "../../plugin/host/transport/host-transport.ts";
import type { HostLink } from "../../plugin/rpc/host-link.ts";
import type { PluginNotificationName, PluginNotificationParams } from "../../rpc-schema/index.ts";
import { type Pulse, startPulse } from "../support/sound/pulse.ts";
import { burstLoop } from "./measures/sound/mouth-to-ear.ts";

export const DIST_MAIN = fileURLToPath(new URL("../../dist/plugin/main.js", import.meta.url));
const PROBE = new URL("loop-probe.ts", import.meta.url).href;
/** Only a stuck process takes this long. */
const WAIT_MS = 30_000;

export interface FrameSize {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** The probe's report; times in milliseconds, sizes in bytes. */
export interface ProbeReport {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** Memory that JavaScript's objects hold outside the heap. */
  readonly external: number;
}

export interface BenchSide {
  readonly host: Host;
  readonly pulse: Pulse;
  /** Requests the probe's figures since the last request. */
  probe(): Promise<ProbeReport>;
  stop(): Promise<void>;
}

export interface SideOptions {
  /** Folder for the plugin's files; without it the plugin writes none. */
  readonly dataDir?: string;
  /** Carries the signals in place of a node of the plugin's own. */
  readonly transport?: HostTransport;
  readonly microphone?: string;
  /** Milliseconds between the bursts that the microphone hears; a second unless given. */
  readonly burstMs?: number;
  /** False: size and rate stay as they are, however busy the machine is. */
  readonly adaptation?: boolean;
  /** Of the plugin, beside that of its sound server. */
  readonly env?: NodeJS.ProcessEnv;
  /** Options of the plugin's Node. With `--expose-gc` the probe collects garbage before it reports. */
  readonly nodeArgs?: readonly string[];
}

export async function startSide(
  label: string,
  picture: FrameSize,
  {
    dataDir,
    transport,
    microphone = "auto",
    burstMs,
    adaptation = true,
    env = {},
    nodeArgs = [],
  }: SideOptions = {},
): Promise<BenchSide> {
  // Another null sink can take two seconds at once, and the next ones are silent.
  const pulse = await startPulse({ prompt: true });
  let onProbe: (report: ProbeReport) => void = () => undefined;
  try {
    pulse.play(burstLoop(burstMs));
    const host = await startHost({
      label,
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(transport === undefined ? {} : { transport }),
      env: { ...env, ...pulse.env },
      pluginCommand: {
        program: process.execPath,
        args: [...pluginNodeArgs(label), ...nodeArgs, "--import", PROBE, DIST_MAIN],
      },
      settings: {
        camera: "test-pattern",
        microphone,
        speaker: "auto",
        picture,
        adaptation,
        iceServers: [],
        signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      },
      onLog: (line) => {
        if (line.startsWith("loop-probe ")) onProbe(JSON.parse(line.slice("loop-probe ".length)));
      },
    });
    return {
      host,
      pulse,
      probe: () =>
        within(
          new Promise((resolve) => {
            onProbe = resolve;
            process.kill(pidOf(host), "SIGUSR2");
          }),
          "the probe's report",
        ),
      stop: async () => {
        await host.stop();
        await pulse.stop();
      },
    };
  } catch (error) {
    await pulse.stop();
    throw error;
  }
}

/** For profiling, `BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=/tmp/x"` passes options to Alice's plugin. */
function pluginNodeArgs(label: string): string[] {
  return label === "Alice" ? (process.env.BENCH_NODE_ARGS?.split(" ") ?? []) : [];
}

export function pidOf(host: Host): number {
  if (host.pid === undefined) throw new Error(`${host.state.label}'s plugin is not running`);
  return host.pid;
}

/** Resolves when the side can call, and its contacts are known. */
export async function untilReady({ state, plugin }: Host): Promise<void> {
  if (state.signalling?.state !== "ready") {
    await next(plugin, "signalling.changed", ({ state }) => state === "ready");
  }
}

export async function introduce(one: Host, other: Host): Promise<void> {
  await one.plugin.request("contacts.add", { address: await ownAddress(other) });
  await other.plugin.request("contacts.add", { address: await ownAddress(one) });
}

export interface MadeCall {
  readonly callId: string;
  /** When `call.accept` was sent, Unix ms. */
  readonly acceptedAt: number;
  /** When the later host received `connected`, Unix ms. */
  readonly connectedAt: number;
}

/** Starts and accepts a call. */
export async function makeCall(
  caller: Host,
  callee: Host,
  media: "audio" | "video" = "video",
  answer: "audio" | "video" = media,
): Promise<MadeCall> {
  const incoming = next(callee.plugin, "call.incoming", () => true);
  const peerId = callee.state.signalling?.peerId ?? "";
  const { callId } = await caller.plugin.request("call.start", { peerId, media });
  await incoming;
  const isConnected = (call: { callId: string; phase: string }) =>
    call.callId === callId && call.phase === "connected";
  const connected = [caller, callee].map((host) => next(host.plugin, "call.changed", isConnected));
  const acceptedAt = unixMs();
  await callee.plugin.request("call.accept", { callId, media: answer });
  await Promise.all(connected);
  return { callId, acceptedAt, connectedAt: unixMs() };
}

export async function endCall(callId: string, one: Host, other: Host): Promise<void> {
  const ends = [one, other].map((host) => next(host.plugin, "call.ended", (end) => end.callId === callId));
  await one.plugin.request("call.hangup", { callId });
  await Promise.all(ends);
}

/** The next notification of that name that matches. @throws when none arrives within 30 s */
export function next<N extends PluginNotificationName>(
  link: HostLink,
  name: N,
  fits: (params: PluginNotificationParams<N>) => boolean,
): Promise<PluginNotificationParams<N>> {
  let off = (): void => undefined;
  const come = new Promise<PluginNotificationParams<N>>((resolve) => {
    off = link.onNotification(name, (params) => {
      if (fits(params)) resolve(params);
    });
  });
  return within(come, name).finally(() => off());
}

async function within<T>(event: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  const timeout = delay(WAIT_MS, undefined, { signal: late.signal }).then((): never => {
    throw new Error(`${what} did not come within ${WAIT_MS} ms`);
  });
  timeout.catch(() => undefined);
  return await Promise.race([event, timeout]).finally(() => late.abort());
}

export function unixMs(): number {
  return performance.timeOrigin + performance.now();
}
