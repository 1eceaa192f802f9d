// Runs inside the kernel machine: opens microphones and speakers that have one format only, with a tone through each. Writes what
// was sent and played to /run/out, and prints as one line of JSON how the devices were opened, for test/kernel/sound-formats.test.ts.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Device } from "../../../../rpc-schema/index.ts";
import { AMPLITUDE, DEVICES, type LimitedDevice, streamOf, TONE_HZ } from "./sound-formats.ts";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const DIST = new URL("../../../../dist/plugin/", import.meta.url);
const OUT = "/run/out";
const CONFIGURATION = "/tmp/asound.conf";
/** Of 10 ms, to each speaker. */
const PLAYED_BLOCKS = 300;
/** Of each microphone: those with sound, and all at most. A program that stands still feeds silence. */
const VOICED_BLOCKS = 60;
const MOST_BLOCKS = 6_000;
const LOUD = 3_000;
const SAMPLE_RATE = 48_000;
const LOOK_EVERY_MS = 50;
const MOST_TURNS = 3;
/** An emulated machine on a busy one stands still for seconds. */
const PATIENT = { heartbeatMs: 100_000, captureMs: 100_000, playbackMs: 100_000 };

const { createSound } = (await import(
  new URL("sound/create-sound.js", DIST).href
)) as typeof import("../../../../plugin/sound/create-sound.ts");
const { createTone, paceBlocks } = (await import(
  new URL("sound/tone.js", DIST).href
)) as typeof import("../../../../plugin/sound/tone.ts");

export type SoundFormatsReport = Awaited<ReturnType<typeof report>>;

/**
 * Gives each stream a name. Once aplay or arecord has its other end, the driver offers the format of that end only. Without the
 * plugins of the usual configuration, which an emulated processor needs seconds to try.
 */
function writeConfiguration(): void {
  const args = "@args [ CARD DEV SUBDEV ] @args.CARD { type string } @args.DEV { type integer }";
  const pcms = DEVICES.map((device) => {
    const end = device.direction === "microphone" ? 1 : 0;
    return `pcm.${device.pcm} { type hw; card Loopback; device ${end}; subdevice ${streamOf(device)} }`;
  });
  const lines = [
    `pcm.hw { ${args} @args.SUBDEV { type integer default -1 } type hw; card $CARD; device $DEV; subdevice $SUBDEV }`,
    "ctl.hw { @args [ CARD ] @args.CARD { type string } type hw; card $CARD }",
    "pcm.default { type hw; card Loopback }",
    ...pcms,
  ];
  writeFileSync(CONFIGURATION, `${lines.join("\n")}\n`);
}

/** @returns the program, which has its end of the device's stream */
async function otherEnd(
  program: "aplay" | "arecord",
  device: LimitedDevice,
  file: string,
): Promise<ChildProcess> {
  const { channels, sampleRate } = device;
  const end = program === "aplay" ? 0 : 1;
  const format = ["-t", "raw", "-f", "S16_LE", "-c", String(channels), "-r", String(sampleRate)];
  const pcm = `hw:Loopback,${end},${streamOf(device)}`;
  // The kernel ends a transfer that waits longer than the buffer lasts. An emulated machine on a busy one stands still for as long.
  const buffer = ["--buffer-time=3000000", "--period-time=100000"];
  const child = spawn(program, ["-q", "-D", pcm, ...format, ...buffer, file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const side = program === "aplay" ? "pcm0p" : "pcm1c";
  const status = `/proc/asound/Loopback/${side}/sub${streamOf(device)}/status`;
  while (!readFileSync(status, "utf8").includes("RUNNING")) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await wait(LOOK_EVERY_MS);
  }
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
  child.kill();
  await exited;
}

/** Longer than a device is open. */
function writeTone(device: LimitedDevice, file: string): void {
  const { channels, sampleRate, voiced } = device;
  const samples = new Int16Array(channels * sampleRate);
  for (let frame = 0; frame < sampleRate; frame += 1) {
    const sample = Math.round(AMPLITUDE * 32_767 * Math.sin((2 * Math.PI * TONE_HZ * frame) / sampleRate));
    for (const channel of voiced) samples[frame * channels + channel] = sample;
  }
  // The tone has whole periods in a second.
  writeFileSync(file, Buffer.concat(Array.from({ length: 60 }, () => Buffer.from(samples.buffer))));
}

/** What the kernel says of the card's buffer. */
function bufferOf(device: LimitedDevice): string {
  const side = device.direction === "microphone" ? "pcm1c" : "pcm0p";
  return readFileSync(`/proc/asound/Loopback/${side}/sub${streamOf(device)}/hw_params`, "utf8");
}

type Sound = ReturnType<typeof createSound>;

/** The other end ended by itself, as when the machine stood still. Its stream is then limited no more. */
class OtherEndGone extends Error {}

/** @returns a promise that settles with the transfer, or rejects when the other end is gone */
function transferWith(other: ChildProcess): PromiseWithResolvers<void> {
  const transfer = Promise.withResolvers<void>();
  // Awaited after the device is open, which may be later.
  transfer.promise.catch(() => undefined);
  const gone = () => transfer.reject(new OtherEndGone());
  other.once("exit", gone);
  if (other.exitCode !== null) gone();
  return transfer;
}

/** Captures until there is enough. */
async function useMicrophone(sound: Sound, device: LimitedDevice, whileOpen: (id: string) => Promise<void>) {
  const toneFile = `/tmp/${device.pcm}.raw`;
  writeTone(device, toneFile);
  const feed = await otherEnd("aplay", device, toneFile);
  const sent: Int16Array[] = [];
  let voiced = 0;
  const enough = transferWith(feed);
  const processing = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
  const microphone = await sound.openMicrophone(
    `ALSA:${device.pcm}`,
    { toneHz: TONE_HZ, processing },
    {
      onBlock(block) {
        sent.push(block);
        if (block.some((sample) => sample > LOUD)) voiced += 1;
        if (voiced === VOICED_BLOCKS || sent.length === MOST_BLOCKS) enough.resolve();
      },
      onLost: enough.reject,
    },
  );
  try {
    await enough.promise;
    await whileOpen(microphone.deviceId);
  } finally {
    await microphone.close();
    await end(feed);
  }
  writeFileSync(`${OUT}/${device.pcm}.raw`, Buffer.concat(sent.map((block) => Buffer.from(block.buffer))));
  return microphone.opened;
}

/** Plays until there is enough. */
async function useSpeaker(sound: Sound, device: LimitedDevice, whileOpen: (id: string) => Promise<void>) {
  const recording = await otherEnd("arecord", device, `${OUT}/${device.pcm}.raw`);
  const enough = transferWith(recording);
  const speaker = await sound.openSpeaker(`ALSA:${device.pcm}`, enough.reject);
  const nextBlock = createTone(TONE_HZ);
  let left = PLAYED_BLOCKS;
  const stop = paceBlocks(() => {
    speaker.play(nextBlock(), SAMPLE_RATE);
    left -= 1;
    if (left === 0) enough.resolve();
  });
  try {
    await enough.promise;
    await whileOpen(speaker.deviceId);
  } finally {
    stop();
    await speaker.close();
    await end(recording);
  }
  return speaker.opened;
}

/** Progress, for a run that does not end. */
function note(text: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${text}\n`);
}

async function use(sound: Sound, device: LimitedDevice, whileOpen: (id: string) => Promise<void>) {
  let buffer = "";
  const open = device.direction === "microphone" ? useMicrophone : useSpeaker;
  for (let turn = 1; ; turn += 1) {
    note(`opening ${device.pcm}`);
    try {
      const opened = await open(sound, device, async (id) => {
        note(`sound passed through ${device.pcm}`);
        buffer = bufferOf(device);
        await whileOpen(id);
      });
      return { opened, buffer };
    } catch (error) {
      if (!(error instanceof OtherEndGone) || turn === MOST_TURNS) throw error;
    }
  }
}

async function doctor(): Promise<string[]> {
  const main = fileURLToPath(new URL("main.js", DIST));
  // The doctor fails on a machine without a network.
  const { stdout } = await promisify(execFile)(process.execPath, [main, "doctor", "--json"]).catch(
    (error: { stdout: string }) => error,
  );
  const { findings } = JSON.parse(stdout) as { findings: { check: string; says: string }[] };
  return findings.filter(({ check }) => check === "open sound device").map(({ says }) => says);
}

async function report() {
  writeConfiguration();
  const logged: string[] = [];
  const env = { ...process.env, ALSA_CONFIG_PATH: CONFIGURATION };
  const log = (level: string, line: string) => void logged.push(`${level} ${line}`);
  const sound = createSound({ log, env, stallLimits: PATIENT, requestMs: PATIENT.heartbeatMs });
  const devices: Record<string, Awaited<ReturnType<typeof use>>> = {};
  let open: string[] = [];
  let listed: Device | null = null;
  try {
    for (const device of DEVICES) {
      devices[device.pcm] = await use(sound, device, async (id) => {
        if (device !== DEVICES.at(-1)) return;
        open = await doctor();
        const { speakers } = await sound.list();
        listed = speakers.find((one) => one.id === id) ?? null;
      });
    }
  } catch (error) {
    return { devices, open, listed, logged, problem: String(error) };
  } finally {
    await sound.close();
  }
  return { devices, open, listed, logged: logged.filter((line) => !line.startsWith("debug")), problem: null };
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
process.exit();
