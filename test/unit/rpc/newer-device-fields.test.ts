// Hosts of version 1 refuse the newer fields of a device and of levels, so they get none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withFormerNamesOnly } from "../../../rpc-schema/index.ts";

const OLD = { id: "pulse:mic", name: "Mic", isDefault: true };
const port = { name: "Headset", available: "yes" };

test("a device loses its newer fields for version 1, wherever it stands", () => {
  const device = {
    ...OLD,
    kind: "microphone",
    port,
    isMuted: false,
    volume: 70,
    opened: { sampleRate: 44_100, channels: 2 },
    problem: "format",
  };
  assert.deepEqual(withFormerNamesOnly({ result: { microphones: [device, OLD], speakers: [] } }), {
    result: { microphones: [OLD, OLD], speakers: [] },
  });
});

test("the level of a muted microphone is left out for version 1", () => {
  const levels = { callId: "x", microphone: 0, speaker: 0.5 };
  assert.deepEqual(withFormerNamesOnly({ ...levels, mutedMicrophone: 0.2 }), levels);
});

test("fields of the same names elsewhere stay", () => {
  const event = { kind: "event", volume: 3, id: "x" };
  assert.equal(withFormerNamesOnly(event), event);
});
