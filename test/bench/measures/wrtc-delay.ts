// The delay of bare @roamhq/wrtc between two processes on loopback, from its source to its sink, for comparison with the
// plugin's own delay. `node test/bench/measures/wrtc-delay.ts [variant …] [--size 640x480] [--seconds 6]`

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { i420Bytes } from "../../../plugin/peer/media-checks.ts";
import { loadWrtc } from "../../../plugin/peer/wrtc-engine.ts";
import type { WrtcCandidate, WrtcConnection, WrtcDescription } from "../../../plugin/peer/wrtc-types.ts";
import { ageMs, drawStamp, nowTicks, readStamp } from "./frame-stamp.ts";
import { CEILING_BPS, VARIANTS } from "./wrtc-variants.ts";

/** The jitter buffer and the bandwidth estimate settle in this time. */
const WARM_UP_MS = 3000;
/** A run that exceeds its own length by this time has hung. */
const SPARE_MS = 20_000;

export interface DelayOptions {
  readonly variant: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Measured time after the warm-up. */
  readonly seconds: number;
}

export interface DelayReport {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly pictures: number;
  /** Frames sent in the measured time that were lost or had a damaged stamp. */
  readonly missing: number;
  /** Mean time in the jitter buffer, as the engine reports it. */
  readonly jitterBufferMs: number;
  /** Received frame size, and the mean bitrate since the start. */
  readonly receivedWidth: number;
  readonly receivedKbps: number;
}

type Message =
  | { kind: "description"; description: WrtcDescription }
  | { kind: "candidate"; candidate: WrtcCandidate }
  | { kind: "report"; report: DelayReport };

/** Runs sender and receiver in processes of their own and returns the receiver's report. */
export async function measureWrtcDelay(options: DelayOptions): Promise<DelayReport> {
  const signal = AbortSignal.timeout(WARM_UP_MS + options.seconds * 1000 + SPARE_MS);
  const start = (role: string): ChildProcess =>
    fork(fileURLToPath(import.meta.url), ["--role", role, "--options", JSON.stringify(options)]);
  const sides = [start("receiver"), start("sender")] as const;
  try {
    return await new Promise<DelayReport>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`no report of ${options.variant} in time`)));
      sides.forEach((side, index) => {
        side.once("exit", (status) => reject(new Error(`a side ended with status ${status}`)));
        side.on("message", (message: Message) => {
          if (message.kind === "report") resolve(message.report);
          else sides[1 - index]?.send(message);
        });
      });
    });
  } finally {
    await Promise.all(sides.map(end));
  }
}

async function end(side: ChildProcess): Promise<void> {
  if (side.exitCode !== null || side.signalCode !== null) return;
  const ended = once(side, "exit");
  side.kill("SIGKILL");
  await ended;
}

function sendMessage(message: Message): void {
  process.send?.(message);
}

function openConnection(onDescription: (description: WrtcDescription) => void): WrtcConnection {
  const connection = new (loadWrtc().RTCPeerConnection)({ iceServers: [] });
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) sendMessage({ kind: "candidate", candidate });
  };
  process.on("message", (message: Message) => {
    if (message.kind === "description") onDescription(message.description);
    if (message.kind === "candidate") void connection.addIceCandidate(initOf(message.candidate));
  });
  return connection;
}

function initOf({ candidate, sdpMid }: WrtcCandidate): { candidate: string; sdpMid: string } {
  return { candidate: candidate ?? "", sdpMid: sdpMid ?? "0" };
}

async function send(options: DelayOptions): Promise<void> {
  const variant = variantOf(options);
  const { RTCVideoSource, RTCAudioSource } = loadWrtc().nonstandard;
  const stream = new (loadWrtc().MediaStream)();
  const video = new RTCVideoSource();
  const connection = openConnection((answer) => {
    const sdp = variant.change(answer.sdp, "sender");
    void connection.setRemoteDescription({ type: "answer", sdp }).then(() => feedFrames(options, video));
  });
  const addSound = (): void => {
    const audio = new RTCAudioSource();
    connection.addTransceiver(audio.createTrack(), { direction: "sendrecv", streams: [stream] });
    setInterval(() => audio.onData(quietNoise()), 10);
  };
  if (variant.withSound && !variant.videoFirst) addSound();
  const maxBitrate = variant.maxBitrateBps === undefined ? CEILING_BPS : variant.maxBitrateBps;
  connection.addTransceiver(video.createTrack(), {
    direction: "sendrecv",
    streams: [stream],
    ...(maxBitrate === null ? {} : { sendEncodings: [{ maxBitrate }] }),
  });
  if (variant.withSound && variant.videoFirst) addSound();
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  sendMessage({ kind: "description", description: { type: "offer", sdp: offer.sdp } });
}

function quietNoise() {
  const samples = Int16Array.from({ length: 480 }, () => Math.round((Math.random() - 0.5) * 2000));
  return { samples, sampleRate: 48_000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 };
}

function feedFrames(
  options: DelayOptions,
  source: { onFrame(frame: ReturnType<typeof blankFrame>): void },
): void {
  const picture = blankFrame(options);
  const startMs = performance.now();
  let sequence = 0;
  const next = (): void => {
    drawScene(picture, sequence);
    drawStamp(picture, { ticks: nowTicks(), sequence: sequence++ & 0xffff });
    source.onFrame(picture);
    // Relative to the start, so that late timers do not add up.
    setTimeout(next, Math.max(0, startMs + (sequence * 1000) / options.fps - performance.now()));
  };
  next();
}

function blankFrame({ width, height }: DelayOptions) {
  const data = new Uint8Array(i420Bytes(width, height)).fill(128);
  const texture = Uint8Array.from(
    { length: width * 2 },
    (_, x) => 128 + 60 * Math.sin(x / 9) + 20 * Math.sin(x / 2.3),
  );
  return { width, height, data, texture };
}

/** Slanted waves that move two pixels per frame: detail and motion for the encoder, cheap to draw. */
function drawScene({ width, height, data, texture }: ReturnType<typeof blankFrame>, sequence: number): void {
  for (let y = Math.floor(height / 8); y < height; y++) {
    const shift = (y * 3 + sequence * 2) % width;
    data.set(texture.subarray(shift, shift + width), y * width);
  }
}

function receive(options: DelayOptions): void {
  const { RTCVideoSink, RTCAudioSink } = loadWrtc().nonstandard;
  const delaysMs: number[] = [];
  const sequences: number[] = [];
  let firstMs = 0;
  let isDone = false;
  const connection = openConnection(
    (offer) => void answerOffer(connection, variantOf(options).change(offer.sdp, "receiver")),
  );
  connection.ontrack = ({ track }) => {
    if (track.kind === "audio") {
      new RTCAudioSink(track).ondata = () => undefined;
      return;
    }
    new RTCVideoSink(track).onframe = ({ frame }) => {
      const ticks = nowTicks();
      firstMs ||= performance.now();
      const measuredMs = performance.now() - firstMs - WARM_UP_MS;
      const stamp = readStamp(frame);
      if (measuredMs < 0 || isDone) return;
      if (stamp !== null) {
        delaysMs.push(ageMs(stamp, ticks));
        sequences.push(stamp.sequence);
      }
      if (measuredMs < options.seconds * 1000) return;
      isDone = true;
      void report(connection, delaysMs, sequences, performance.now() - firstMs);
    };
  };
}

async function answerOffer(connection: WrtcConnection, sdp: string): Promise<void> {
  await connection.setRemoteDescription({ type: "offer", sdp });
  const answer = await connection.createAnswer();
  await connection.setLocalDescription(answer);
  sendMessage({ kind: "description", description: { type: "answer", sdp: answer.sdp } });
}

async function report(
  connection: WrtcConnection,
  delaysMs: number[],
  sequences: number[],
  sinceFirstMs: number,
): Promise<void> {
  const entries = [...(await connection.getStats()).values()];
  const inbound = entries.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const quantile = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  const sent = (((sequences.at(-1) ?? 0) - (sequences[0] ?? 0) + 0x1_0000) & 0xffff) + 1;
  sendMessage({
    kind: "report",
    report: {
      medianMs: quantile(0.5),
      p95Ms: quantile(0.95),
      pictures: delaysMs.length,
      missing: sent - delaysMs.length,
      jitterBufferMs: (1000 * Number(inbound?.jitterBufferDelay)) / Number(inbound?.jitterBufferEmittedCount),
      receivedWidth: Number(inbound?.frameWidth),
      receivedKbps: (8 * Number(inbound?.bytesReceived)) / sinceFirstMs,
    },
  });
}

function variantOf({ variant }: DelayOptions) {
  const found = VARIANTS[variant];
  if (found === undefined) throw new Error(`no variant ${variant}; expected one of ${Object.keys(VARIANTS)}`);
  return found;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      role: { type: "string" },
      options: { type: "string", default: "{}" },
      size: { type: "string", multiple: true, default: ["640x480", "1280x720"] },
      seconds: { type: "string", default: "6" },
    },
  });
  if (values.role === "sender") return send(JSON.parse(values.options));
  if (values.role === "receiver") return receive(JSON.parse(values.options));
  for (const size of values.size) {
    const [width = 640, height = 480] = size.split("x").map(Number);
    for (const variant of positionals.length > 0 ? positionals : Object.keys(VARIANTS)) {
      const options = { variant, width, height, fps: 30, seconds: Number(values.seconds) };
      const report = await measureWrtcDelay(options);
      const figures = [report.medianMs, report.p95Ms, report.jitterBufferMs];
      const text = figures.map((each) => each.toFixed(1).padStart(6)).join(" ");
      const rest = `${report.pictures} pictures, ${report.missing} missing, ${report.receivedWidth} wide`;
      console.log(
        `${size.padEnd(9)} ${variant.padEnd(20)} ${text} ms, ${rest}, ${report.receivedKbps.toFixed(0)} kb/s`,
      );
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
