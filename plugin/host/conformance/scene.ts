// One scene of the suite: a host with a plugin and a network that the suite plays.

import { createFakePluginExecutable, type FakePluginProcess } from "./fake-plugin.ts";
import { type HostNetwork, type NetworkMessage, ScriptedNetwork } from "./network.ts";

export interface HostUnderTest {
  /** Delivers a peer's message to the host's node. */
  arrives(message: NetworkMessage): void;
  /** Closes the host, as its user does. */
  stop(): Promise<void>;
  /** Ends a host that does not stop. */
  kill?(): void;
}

/** Starts the host with this executable as its plugin. Resolves after the host has sent `initialized`. */
export type StartHost = (pluginPath: string, network: HostNetwork) => Promise<HostUnderTest>;

export interface Stage {
  readonly plugin: FakePluginProcess;
  readonly host: HostUnderTest;
  readonly network: ScriptedNetwork;
  /** The params of `initialize`. */
  readonly initialized: Record<string, unknown>;
  /** Resolves when the host has started another plugin. */
  nextPlugin(): Promise<FakePluginProcess>;
  /** Stops the host, and lets the plugin exit in order. */
  leave(plugin?: FakePluginProcess): Promise<void>;
}

/** One rule of the contract. `run` rejects when the host breaks it. */
export interface Scene {
  /** What the rule is about, such as "start and end". */
  readonly group: string;
  /** The rule; with the group, it reads as a sentence. */
  readonly rule: string;
  run(stage: Stage): Promise<void>;
}

/** Longer than any host needs on a busy machine. */
const WAIT_MS = 30_000;

/** @param waitMs how long each wait for the host may take @throws Error with what the host did wrong */
export async function runScene(start: StartHost, scene: Scene, waitMs = WAIT_MS): Promise<void> {
  const executable = await createFakePluginExecutable(waitMs);
  const network = new ScriptedNetwork(waitMs);
  const starting = start(executable.path, network);
  starting.catch(() => undefined); // awaited below
  try {
    const plugin = await executable.nextProcess();
    const initialized = await plugin.initialize();
    const inner = await within(starting, waitMs, "the host is not ready");
    const host = { ...inner, stop: () => within(inner.stop(), waitMs, "the host does not end") };
    const nextPlugin = () => executable.nextProcess();
    const leave = (last = plugin) => leaveInOrder(last, host);
    await scene.run({ plugin, host, network, initialized, nextPlugin, leave });
  } catch (error) {
    // The plugin ends first, because a host waits for a running plugin.
    await executable.close();
    await end(starting, waitMs).catch(() => undefined); // the first error says what is wrong
    throw error;
  }
  await executable.close();
  await end(starting, waitMs);
}

async function end(starting: Promise<HostUnderTest>, waitMs: number): Promise<void> {
  const host = await within(starting, waitMs, "the host is not ready");
  try {
    await within(host.stop(), waitMs, "the host does not end");
  } catch (error) {
    host.kill?.();
    throw error;
  }
}

async function leaveInOrder(plugin: FakePluginProcess, host: HostUnderTest): Promise<void> {
  const stopped = host.stop();
  const { id } = await plugin.request("shutdown");
  plugin.write({ id, result: null });
  await Promise.race([plugin.notification("exit"), plugin.inputEnded]);
  plugin.exit();
  await stopped;
}

/** @throws Error with this message when the promise has not settled in time */
export async function within<T>(promise: Promise<T>, waitMs: number, message: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${message} after ${waitMs} ms`)), waitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export const P1 = "12D3KooWPeerNumber1abcde";
export const P2 = "12D3KooWPeerNumber2abcde";
export const P3 = "12D3KooWPeerNumber3abcde";
export const P4 = "12D3KooWPeerNumber4abcde";

/** A call request of a peer. */
export function callRequest(peerId: string, callId: string): NetworkMessage {
  return { peerId, topic: `call:${callId}`, payload: { type: "call-request", mediaType: "video" } };
}

/** The params of `call.ended`. */
export function ended(peerId: string, callId: string) {
  return { callId, peerId, reason: "hungUp", endedBy: "local", durationMs: 0 };
}
