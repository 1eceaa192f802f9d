// A real plugin process with a host's end of its stdio, for tests and the bench. Its settings name everything
// explicitly: loopback, no mDNS, no ICE servers.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { connectPlugin, type HostLink } from "../../plugin/rpc/host-link.ts";
import type {
  DeepPartial,
  PluginNotificationName,
  PluginNotificationParams,
  Settings,
} from "../../rpc-schema/index.ts";

/** Node 24 runs the sources; `npm test` also builds dist/, which the bench and the browser tests run. */
const SOURCE_MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
/** Far above anything but a stuck process, on a machine that does other work. */
const WAIT_MS = 60_000;
const LOG_LINES_KEPT = 200;

export interface PluginProcessOptions {
  readonly label?: string;
  readonly settings?: DeepPartial<Settings>;
  readonly env?: NodeJS.ProcessEnv;
  readonly main?: string;
  readonly nodeArgs?: readonly string[];
}

export interface PluginProcess {
  readonly host: HostLink;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly peerId: string;
  readonly address: string;
  /** The next notification of that name that fits; those since `mark()` count too. */
  next<N extends PluginNotificationName>(
    name: N,
    fits?: (params: PluginNotificationParams<N>) => boolean,
  ): Promise<PluginNotificationParams<N>>;
  /** Forgets the notifications so far. */
  mark(): void;
  /** The newest log lines, for a failure's message. */
  log(): string;
  /** shutdown, exit; gives the exit status. */
  stop(): Promise<number | null>;
  /** SIGKILL to the plugin alone. */
  kill(): Promise<void>;
}

const LOOPBACK: DeepPartial<Settings> = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  iceServers: [],
  signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [], mdns: false },
};

type Told = { name: PluginNotificationName; params: unknown };
const FOLLOWED: PluginNotificationName[] = [
  "signalling.changed",
  "contacts.changed",
  "call.incoming",
  "call.changed",
  "call.ended",
  "call.statistics",
  "call.levels",
];

/** Starts, initializes and waits until signalling is ready. Ends the process itself when any of it fails. */
export async function startPlugin(options: PluginProcessOptions = {}): Promise<PluginProcess> {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.main ?? SOURCE_MAIN], {
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
  const lines: string[] = [];
  stderr.setEncoding("utf8").on("data", (text: string) => {
    lines.push(...text.split("\n").filter((line) => line !== ""));
    lines.splice(0, lines.length - LOG_LINES_KEPT);
  });
  const host = connectPlugin(stdin, stdout);
  const box = collect(host, () => lines.join("\n"));
  await host.request("initialize", {
    protocolVersion: 1,
    host: { name: "test" },
    identity: { label: options.label ?? "peer" },
    settings: { ...LOOPBACK, ...options.settings },
  });
  host.notify("initialized", {});
  const { peerId, addresses } = await box.next("signalling.changed", ({ state }) => state !== "starting");
  if (peerId === undefined) throw new Error(`signalling failed:\n${lines.join("\n")}`);
  return {
    ...box,
    host,
    child,
    pid,
    peerId,
    address: addresses[0] ?? "",
    log: () => lines.join("\n"),
    stop: () => stop(child, host),
    kill: () => kill(child),
  };
}

function collect(host: HostLink, log: () => string): Pick<PluginProcess, "next" | "mark"> {
  let told: Told[] = [];
  let waiters: ((one: Told) => boolean)[] = [];
  for (const name of FOLLOWED) {
    host.onNotification(name, (params) => {
      const one = { name, params };
      told.push(one);
      waiters = waiters.filter((waiter) => !waiter(one));
    });
  }
  return {
    mark: () => {
      told = [];
    },
    next(name, fits = () => true) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no fitting ${name} within ${WAIT_MS} ms; log:\n${log()}`)),
          WAIT_MS,
        );
        const take = (one: Told): boolean => {
          const params = one.params as PluginNotificationParams<typeof name>;
          if (one.name !== name || !fits(params)) return false;
          clearTimeout(timer);
          resolve(params);
          return true;
        };
        if (!told.some(take)) waiters.push(take);
      });
    },
  };
}

async function stop(child: ChildProcess, host: HostLink): Promise<number | null> {
  const exited = ended(child);
  await host.request("shutdown", {});
  host.notify("exit", {});
  return exited;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = ended(child);
  child.kill("SIGKILL");
  await exited;
}

/** Resolves with the exit status, null after a signal. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [status] = (await once(child, "exit")) as [number | null];
  return status;
}

/** Starts two that know each other. */
export async function startPair(
  alice: PluginProcessOptions = {},
  bob: PluginProcessOptions = {},
): Promise<{ alice: PluginProcess; bob: PluginProcess; stop(): Promise<void> }> {
  const processes: PluginProcess[] = [];
  const stopAll = async () => {
    for (const one of processes) if (one.child.exitCode === null) await one.stop().catch(() => one.kill());
  };
  try {
    const a = await startPlugin({ label: "Alice", ...alice });
    processes.push(a);
    const b = await startPlugin({ label: "Bob", ...bob });
    processes.push(b);
    await a.host.request("contacts.add", { address: b.address });
    await b.host.request("contacts.add", { address: a.address });
    const labelled = (label: string) => (told: { contacts: { label: string }[] }) =>
      told.contacts.some((contact) => contact.label === label);
    await b.next("contacts.changed", labelled(alice.label ?? "Alice"));
    return { alice: a, bob: b, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Ends whatever a failed test left, so that the next begins anew. */
export async function endCalls(one: PluginProcess): Promise<void> {
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
  caller.mark();
  callee.mark();
  const { callId } = await caller.host.request("call.start", { peerId: callee.peerId, media });
  await callee.next("call.incoming", (call) => call.callId === callId);
  await callee.host.request("call.accept", { callId });
  const isConnected = (call: { callId: string; phase: string }) =>
    call.callId === callId && call.phase === "connected";
  await Promise.all([caller.next("call.changed", isConnected), callee.next("call.changed", isConnected)]);
  return callId;
}
