// A real plugin process, and a host's end of its stdio, for tests and the bench. Its settings restrict it to loopback, without mDNS
// and ICE servers.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { connectPlugin, type HostLink } from "../../../plugin/rpc/host-link.ts";
import {
  type DeepPartial,
  type PluginNotificationName,
  type PluginNotificationParams,
  PROTOCOL_VERSION,
  type Settings,
} from "../../../rpc-schema/index.ts";
import { SMALL_PICTURE } from "../fakes/small-picture.ts";

/** Node 24 runs the sources. The bench and the browser tests run dist/, which `npm test` builds. */
const SOURCE_MAIN = fileURLToPath(new URL("../../../plugin/main.ts", import.meta.url));
/** Only a stuck process takes longer, even on a busy machine. */
const WAIT_MS = 60_000;
const LOG_LINES_KEPT = 200;

export interface PluginProcessOptions {
  readonly label?: string;
  readonly settings?: DeepPartial<Settings>;
  readonly env?: NodeJS.ProcessEnv;
  readonly main?: string;
  /** An installed plugin, in place of Node with `main`. */
  readonly command?: readonly string[];
  readonly nodeArgs?: readonly string[];
  /** A program and arguments that replace themselves by the plugin, such as prlimit(1) or setpriv(1). */
  readonly wrap?: readonly string[];
  /** Origins of the pages that may fetch frames from the plugin. */
  readonly pageOrigins?: readonly string[];
  /** Signalling may fail to start; the peer id is then empty. */
  readonly mayFail?: boolean;
  /** For event logs, bug reports and the identity; without it nothing is written. */
  readonly dataDir?: string;
  /** The host relays the signals under this peer id. Without it the plugin runs a node of its own. */
  readonly carrier?: { readonly selfId: string };
  /** Time limit for each answer or notification; an emulated processor needs more. */
  readonly waitMs?: number;
}

type ChangeName = Extract<PluginNotificationName, `${string}.changed`>;
type Fits<N extends PluginNotificationName> = (params: PluginNotificationParams<N>) => boolean;

export interface PluginProcess {
  readonly host: HostLink;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly peerId: string;
  readonly address: string;
  /**
   * Resolves with the first matching notification since `clearNotifications()`. A state that held before may still be on its way
   * then, so a test says which state it waits for.
   */
  next<N extends ChangeName>(name: N, fits: Fits<N>): Promise<PluginNotificationParams<N>>;
  next<N extends Exclude<PluginNotificationName, ChangeName>>(
    name: N,
    fits?: Fits<N>,
  ): Promise<PluginNotificationParams<N>>;
  /** Forgets the notifications so far. */
  clearNotifications(): void;
  /** Resolves once the log has a line that matches. Log and answers come through two pipes, in any order. */
  logged(line: RegExp): Promise<void>;
  /** The newest log lines, for error messages. */
  log(): string;
  /** Sends shutdown and exit. @returns the exit status */
  stop(): Promise<number | null>;
  /** SIGKILL to the plugin alone. */
  kill(): Promise<void>;
}

const LOOPBACK: DeepPartial<Settings> = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  // A test of ringing or notifications says so.
  ringtone: "off",
  notifications: false,
  iceServers: [],
  picture: SMALL_PICTURE,
  signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [], mdns: false },
};

type ReceivedNotification = { name: PluginNotificationName; params: unknown };
const OBSERVED: PluginNotificationName[] = [
  "signalling.changed",
  "availability.changed",
  "contacts.changed",
  "call.incoming",
  "call.changed",
  "call.ended",
  "call.statistics",
  "call.levels",
  "preview.changed",
  "preview.levels",
  "preview.ended",
];

/** Starts and initializes a plugin, and waits until signalling is ready. Kills the process when this fails. */
export async function startPlugin(options: PluginProcessOptions = {}): Promise<PluginProcess> {
  const node = [process.execPath, ...(options.nodeArgs ?? []), options.main ?? SOURCE_MAIN];
  const own = options.command ?? node;
  const [program = "", ...args] = [...(options.wrap ?? []), ...own];
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  try {
    return await attach(child, options);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

async function attach(child: ChildProcess, options: PluginProcessOptions): Promise<PluginProcess> {
  const { stdin, stdout, stderr, pid } = child;
  if (!stdin || !stdout || !stderr || pid === undefined) throw new Error("the plugin process did not start");
  const waitMs = options.waitMs ?? WAIT_MS;
  const log = keepLog(stderr, waitMs);
  const host = connectPlugin(stdin, stdout);
  const notifications = collect(host, waitMs, log.log);
  const initialize = {
    protocolVersion: PROTOCOL_VERSION,
    host: { name: "test" },
    identity: { label: options.label ?? "peer" },
    ...(options.pageOrigins === undefined ? {} : { pageOrigins: [...options.pageOrigins] }),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.carrier === undefined ? {} : { carrier: options.carrier }),
    settings: { ...LOOPBACK, ...options.settings },
  };
  await host.request("initialize", initialize, { timeoutMs: waitMs });
  host.notify("initialized", {});
  const { peerId = options.mayFail ? "" : undefined, addresses } = await notifications.next(
    "signalling.changed",
    ({ state }) => state !== "starting",
  );
  if (peerId === undefined) throw new Error(`signalling failed:\n${log.log()}`);
  return {
    ...notifications,
    ...log,
    host,
    child,
    pid,
    peerId,
    address: addresses[0] ?? "",
    stop: () => stop(child, host),
    kill: () => kill(child),
  };
}

function keepLog(stderr: Readable, waitMs: number): Pick<PluginProcess, "log" | "logged"> {
  const lines: string[] = [];
  const log = () => lines.join("\n");
  createInterface({ input: stderr }).on("line", (line) => {
    if (lines.push(line) > LOG_LINES_KEPT) lines.shift();
    stderr.emit("logged");
  });
  return {
    log,
    async logged(line) {
      const limit = AbortSignal.timeout(waitMs);
      while (!lines.some((one) => line.test(one))) {
        await once(stderr, "logged", { signal: limit }).catch(() =>
          assert.fail(`no line ${line} within ${waitMs} ms; log:\n${log()}`),
        );
      }
    },
  };
}

function collect(
  host: HostLink,
  waitMs: number,
  log: () => string,
): Pick<PluginProcess, "next" | "clearNotifications"> {
  let received: ReceivedNotification[] = [];
  let waiters: ((one: ReceivedNotification) => boolean)[] = [];
  for (const name of OBSERVED) {
    host.onNotification(name, (params) => {
      const one = { name, params };
      received.push(one);
      waiters = waiters.filter((waiter) => !waiter(one));
    });
  }
  return {
    clearNotifications: () => {
      received = [];
    },
    next<N extends PluginNotificationName>(name: N, fits: Fits<N> = () => true) {
      return new Promise<PluginNotificationParams<N>>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no matching ${name} within ${waitMs} ms; log:\n${log()}`)),
          waitMs,
        );
        const take = (one: ReceivedNotification): boolean => {
          const params = one.params as PluginNotificationParams<N>;
          if (one.name !== name || !fits(params)) return false;
          clearTimeout(timer);
          resolve(params);
          return true;
        };
        if (!received.some(take)) waiters.push(take);
      });
    },
  };
}

async function stop(child: ChildProcess, host: HostLink): Promise<number | null> {
  const exited = exitStatusOf(child);
  await host.request("shutdown", {});
  host.notify("exit", {});
  return exited;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = exitStatusOf(child);
  child.kill("SIGKILL");
  await exited;
}

/** Resolves with the exit status, null after a signal. */
export async function exitStatusOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [status] = (await once(child, "exit")) as [number | null];
  return status;
}

/** Starts two plugins that are contacts of each other. */
export async function startPair(
  alice: PluginProcessOptions = {},
  bob: PluginProcessOptions = {},
): Promise<{ alice: PluginProcess; bob: PluginProcess; stop(): Promise<void> }> {
  const starts = await Promise.allSettled([
    startPlugin({ label: "Alice", ...alice }),
    startPlugin({ label: "Bob", ...bob }),
  ]);
  const started = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const stop = async () => {
    const running = started.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    await Promise.all(running.map((one) => one.stop().catch(() => one.kill())));
  };
  try {
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    const [a, b] = started;
    if (!a || !b) throw new Error("unreachable: both have started");
    await introduce(a, b, alice);
    return { alice: a, bob: b, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function introduce(
  a: PluginProcess,
  b: PluginProcess,
  { label, waitMs }: PluginProcessOptions,
): Promise<void> {
  const limit = { timeoutMs: waitMs ?? WAIT_MS };
  await a.host.request("contacts.add", { address: b.address }, limit);
  await b.host.request("contacts.add", { address: a.address }, limit);
  await b.next("contacts.changed", ({ contacts }) =>
    contacts.some((contact) => contact.label === (label ?? "Alice")),
  );
}

/** Ends calls that a failed test has left, so that the next test starts without calls. */
export async function hangUpAll(one: PluginProcess): Promise<void> {
  const { calls } = await one.host.request("call.list", {});
  for (const { callId } of calls) {
    await one.host.request("call.hangup", { callId });
    await one.next("call.ended", (end) => end.callId === callId);
  }
}

/** From `call.start` to both sides connected. */
export async function connectCall(
  caller: PluginProcess,
  callee: PluginProcess,
  media: "audio" | "video" = "video",
): Promise<string> {
  caller.clearNotifications();
  callee.clearNotifications();
  const { callId } = await caller.host.request("call.start", { peerId: callee.peerId, media });
  await callee.next("call.incoming", (call) => call.callId === callId);
  await callee.host.request("call.accept", { callId });
  const isConnected = (call: { callId: string; phase: string }) =>
    call.callId === callId && call.phase === "connected";
  await Promise.all([caller.next("call.changed", isConnected), callee.next("call.changed", isConnected)]);
  return callId;
}
