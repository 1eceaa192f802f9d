// Microphones and speakers of ALSA that have one format only: streams of the loopback card, which the driver limits to the format of
// their other end. A tone goes through each, in both directions.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { analyseSine } from "../support/sound/sound-card-clock.ts";
import { toneLevel } from "../support/sound/spectrum.ts";
import { AMPLITUDE, DEVICES, type LimitedDevice, TONE_HZ } from "./guest/sound/sound-formats.ts";
import type { SoundFormatsReport } from "./guest/sound/sound-formats-report.ts";

const SAMPLE_RATE = 48_000;
/** The playback ring plays up to 0.5 % slower while the emulated machine is late. Another rate would be 8 % off. */
const TOLERANCE_HZ = 10;
const TOLERANCE_DB = 0.5;
/** Between the card and the program. PortAudio gives 20 ms, and 30 at 16 kHz, as it counts in frames. */
const MOST_BUFFER_MS = 50;
/** A piece with less above its noise has a gap. */
const WHOLE_DB = 25;
const LEAST_PIECES = 5;

const outDir = await mkdtemp(join(tmpdir(), "sound-formats-"));
const result = await runInVm({
  command: ["node", "test/kernel/guest/sound/sound-formats-report.ts"],
  outDir,
  timeoutS: 400,
});
// The script that prints the guest's report defines its type.
const report = lastJson(result) as SoundFormatsReport;

/** One channel of what passed through a device. */
async function channelOf(device: LimitedDevice, channel: number, channels: number): Promise<Int16Array> {
  const bytes = await readFile(join(outDir, `${device.pcm}.raw`));
  const samples = new Int16Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 2));
  return samples.filter((_, at) => at % channels === channel);
}

/** An emulated machine loses sound now and then, so pieces of 10 ms are measured, and those with a gap are left out. */
function assertTone(samples: Int16Array, sampleRate: number): void {
  // The measure takes samples for those of 48 kHz.
  const scale = SAMPLE_RATE / sampleRate;
  // Two halves of whole samples.
  const size = 2 * Math.floor(sampleRate / 200);
  const pieces = Array.from({ length: Math.floor(samples.length / size) }, (_, at) => {
    const piece = samples.subarray(at * size, (at + 1) * size);
    const { hz, snrDb } = analyseSine(piece, TONE_HZ * scale);
    return { hz: hz / scale, snrDb, level: toneLevel(piece, sampleRate, TONE_HZ) };
  });
  const whole = pieces.filter(({ snrDb, level }) => snrDb > WHOLE_DB && level > AMPLITUDE / 4);
  assert.ok(whole.length >= LEAST_PIECES, `${whole.length} of ${pieces.length} pieces are whole`);
  const hz = medianOf(whole.map((piece) => piece.hz));
  const db = 20 * Math.log10(medianOf(whole.map(({ level }) => level)) / AMPLITUDE);
  assert.ok(Math.abs(hz - TONE_HZ) < TOLERANCE_HZ, `${hz} Hz`);
  assert.ok(Math.abs(db) < TOLERANCE_DB, `${db.toFixed(2)} dB off`);
}

function medianOf(values: number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

describe("devices of ALSA with one format", () => {
  after(() => rm(outDir, { recursive: true }));
  assert.equal(report.problem, null, report.logged.join("\n"));

  for (const device of DEVICES) {
    const { pcm, direction, channels, sampleRate, voiced } = device;
    const format = `${channels} ${channels === 1 ? "channel" : "channels"} at ${sampleRate} Hz`;

    test(`a ${direction} that has only ${format} is opened so`, () => {
      const { opened, buffer = "" } = report.devices[pcm] ?? {};
      assert.deepEqual(opened, { sampleRate, channels });
      const bufferMs = (1_000 * Number(/buffer_size: (\d+)/.exec(buffer)?.[1])) / sampleRate;
      assert.ok(bufferMs < MOST_BUFFER_MS, `a buffer of ${bufferMs} ms`);
    });

    test(`its sound passes with the right pitch and level: ${pcm}`, async (t) => {
      if (direction === "microphone") {
        assertTone(await channelOf(device, 0, 1), SAMPLE_RATE);
        return;
      }
      for (let channel = 0; channel < channels; channel += 1) {
        const samples = await channelOf(device, channel, channels);
        if (voiced.includes(channel)) assertTone(samples, sampleRate);
        else
          assert.ok(
            samples.every((sample) => sample === 0),
            `channel ${channel} is not silent`,
          );
      }
      t.diagnostic(report.devices[pcm]?.buffer.replaceAll("\n", ", ") ?? "");
    });
  }

  test("the list and doctor name an open one with its format", () => {
    assert.deepEqual(report.listed, {
      id: "ALSA:speaker_mono",
      name: "speaker_mono",
      isDefault: false,
      opened: { sampleRate: 16_000, channels: 1 },
    });
    const text = report.open.join("\n");
    assert.match(text, /^The speaker of Loopback is open by process \d+, with 1 channel at 16000 Hz\.$/m);
  });
});
