// The doctor's findings about the sound devices that programs have open, on simulated machines.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findingsOf } from "./doctor-findings.ts";

describe("the doctor on open sound devices", () => {
  test("without a server the open devices are named, with their format and their program", async () => {
    const findings = await findingsOf((machine) => {
      machine.listening.clear();
      delete machine.files["/run/user/1000/pulse/native"];
      const stream = (pcm: string) => `/proc/asound/card1/${pcm}/sub0`;
      machine.files["/proc/asound/card1/id"] = "Webcam\n";
      machine.files[`${stream("pcm0c")}/hw_params`] =
        "access: MMAP_INTERLEAVED\nformat: S16_LE\nsubformat: STD\nchannels: 1\nrate: 16000 (16000/1)\nperiod_size: 160\n";
      machine.files[`${stream("pcm0c")}/status`] = "state: RUNNING\nowner_pid   : 4711\n";
      machine.files[`${stream("pcm0p")}/hw_params`] = "closed\n";
      machine.files[`${stream("pcm0p")}/status`] = "closed\n";
    });
    const open = findings.filter(({ check }) => check === "open sound device");
    assert.deepEqual(
      open.map(({ says }) => says),
      ["The microphone of Webcam is open by process 4711, with 1 channel at 16000 Hz."],
    );
  });
});
