// A reference host with the scripted plugin, and builders for the data that this plugin sends.

import { fileURLToPath } from "node:url";
import { type Host, type HostOptions, startHost } from "../../../plugin/host/host.ts";
import type { CallInfo, CallStatistics, Contact } from "../../../rpc-schema/index.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import { REQUEST_LINE_PREFIX, type ScriptStep } from "./scripted-data.ts";

export const BOB = "12D3KooWBobBobBobBobBob1";
export const CAROL = "12D3KooWCaro1Caro1Caro12";

export interface ScriptedHost {
  readonly host: Host;
  /** Makes the scripted plugin perform a step. */
  script(step: ScriptStep): void;
  /** Resolves with the first past or future request that matches. A request has the form `call.start {"peerId":…}`. */
  asked(pattern: RegExp): Promise<string>;
  /** Drops the requests so far. */
  forget(): void;
}

export async function startScriptedHost(options: Partial<HostOptions> = {}): Promise<ScriptedHost> {
  const program = fileURLToPath(new URL("./scripted-plugin.ts", import.meta.url));
  let requests: string[] = [];
  let waiting: { pattern: RegExp; resolve: (request: string) => void }[] = [];
  const host = await startHost({
    label: "Alice Liddell",
    pluginCommand: { program: process.execPath, args: [program] },
    ...options,
    onLog(line) {
      options.onLog?.(line);
      if (!line.startsWith(REQUEST_LINE_PREFIX)) return;
      const request = line.slice(REQUEST_LINE_PREFIX.length);
      requests.push(request);
      for (const { pattern, resolve } of waiting) if (pattern.test(request)) resolve(request);
      waiting = waiting.filter(({ pattern }) => !pattern.test(request));
    },
  });
  requests = []; // those of the start
  return {
    host,
    // `script` is not in the contract. Only the scripted plugin accepts it.
    script: (step) => host.plugin.notify("script" as "initialized", step as never),
    asked(pattern) {
      const past = requests.find((request) => pattern.test(request));
      if (past !== undefined) return Promise.resolve(past);
      const wait = Promise.withResolvers<string>();
      const timer = setTimeout(
        () => wait.reject(new Error(`no request matches ${pattern}; requests: ${requests.join(" | ")}`)),
        HANG_LIMIT_MS,
      );
      waiting.push({ pattern, resolve: wait.resolve });
      return wait.promise.finally(() => clearTimeout(timer));
    },
    forget() {
      requests = [];
    },
  };
}

export function contact(peerId: string, label: string, reachable = true): Contact {
  return {
    peerId,
    label,
    addresses: [`/ip4/127.0.0.1/tcp/4001/p2p/${peerId}`],
    reachable,
    videoDisabled: false,
  };
}

/** A connected video call with Bob, modified by `change`. */
export function callWithBob(change: Partial<CallInfo> = {}): CallInfo {
  return {
    callId: "call-of-test",
    peerId: BOB,
    peerLabel: "Bob Cratchit",
    direction: "outgoing",
    media: "video",
    phase: "connected",
    createdAt: Date.now(),
    connectedAt: Date.now(),
    local: {
      microphone: { state: "live", deviceId: "mic-1", deviceName: "Headset microphone" },
      camera: { state: "live", deviceId: "usb-cam", deviceName: "Aurora HD Webcam" },
      speaker: { state: "live", deviceId: "spk-1", deviceName: "Headset" },
      mediaLevel: "pictureAndVoice",
    },
    remote: { microphone: "on", camera: "on" },
    sending: { step: "full", width: 640, height: 480, fps: 30 },
    showing: { step: "full" },
    quality: "good",
    ...change,
  };
}

export function statisticsOf(callId: string): CallStatistics {
  const counts = { offered: 0, unwatched: 0, paced: 0, replaced: 0, failed: 0, written: 0, waiting: 0 };
  return {
    callId,
    at: Date.now(),
    quality: "good",
    roundTripMs: 23.4,
    sendVideoBps: 1_210_000,
    sendAudioBps: 32_000,
    receiveVideoBps: 980_000,
    receiveAudioBps: 31_000,
    availableSendBps: 1_500_000,
    packetsLost: 3,
    fractionLost: 0.004,
    concealedSound: 0.006,
    jitterMs: 2.2,
    sendFps: 30,
    receiveFps: 29.6,
    sendWidth: 640,
    sendHeight: 480,
    receiveWidth: 1280,
    receiveHeight: 720,
    captureToSendMs: 1.5,
    pictureHoldMs: 0,
    frames: { captured: 0, captureDropped: 0, sent: 0, received: 0, remote: counts, local: counts },
  };
}
