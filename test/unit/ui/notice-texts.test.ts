// The notices of a call are plain: no figures and no terms of the field, whatever reason the plugin or the other side gives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  changedText,
  detailedReasons,
  isPlainReason,
  localTroubleText,
  lostText,
  remoteTroubleText,
  screenEndText,
  smallerText,
} from "../../../plugin/ui/notice-texts.ts";
import {
  type CallInfo,
  mediaLevelSchema,
  pictureStepSchema,
  strainSchema,
} from "../../../rpc-schema/index.ts";
import { assessLoad } from "../../../statecharts/adapt/judge.ts";
import { SCREEN_LOST_IN_CRASH } from "../../../statecharts/media/shared-screen.ts";
import { callWithBob } from "../../support/fakes/scripted-host.ts";

const kinds = ["camera", "microphone", "speaker"] as const;
/** Of the plugin, of its engines, and of other programs. */
const REASONS = [
  "67 % of the camera's pictures came too fast",
  "an answer takes 1200 ms",
  "the processor is too slow to encode the picture",
  "the picture cannot be shown: one side has H264 only, the other VP8, VP9 and AV1",
  "Camera: /dev/video0 is used by another program",
  "ALSA: Device or resource busy",
  "setRemoteDescription failed",
  "the codec has no decoder",
  "EBUSY",
  "unplugged",
];
const measured = {
  ...{ roundTripMs: 9_000, sendLoss: 0.5, availableSendBps: 1_000, maxVideoBps: 2_000_000, loopLagMs: 500 },
  ...{ isEncoderBehind: true, captureDropped: 0.67, pageReplaced: 0.9 },
  picture: { width: 640, height: 480, fps: 30 },
};

function plainOf(text: string | false): string {
  assert.notEqual(text, false);
  assert.ok(typeof text === "string" && isPlainReason(text), `not plain: ${text}`);
  return text;
}

function callWith(change: Partial<CallInfo>): CallInfo {
  return callWithBob(change);
}

describe("the notices of a call are plain", () => {
  test("for every step and strain of the picture, and differ by the strain", () => {
    for (const step of pictureStepSchema.options.filter((one) => one !== "full")) {
      for (const strain of [...strainSchema.options, undefined]) {
        const format = { width: 320, height: 240, fps: 30, reason: REASONS[0] };
        plainOf(smallerText({ step, ...format, ...(strain ? { strain } : {}) }));
      }
    }
    const format = { step: "half", width: 320, height: 240, fps: 30 } as const;
    assert.equal(smallerText({ ...format, strain: "link" }), "Your picture is smaller: slow connection");
    assert.equal(
      smallerText({ ...format, strain: "processor" }),
      "Your picture is smaller: this computer is busy",
    );
    assert.equal(smallerText({ ...format, step: "full" }), false);
  });

  test("for every media level and reason, at both sides", () => {
    const { local } = callWithBob();
    for (const mediaLevel of mediaLevelSchema.options) {
      for (const mediaLevelReason of REASONS) {
        const level = { mediaLevel, mediaLevelReason };
        plainOf(remoteTroubleText(callWith({ remote: { microphone: "on", camera: "on", ...level } })));
        if (mediaLevel === "pictureAndVoice") continue;
        plainOf(localTroubleText(callWith({ local: { ...local, ...level } })));
      }
    }
  });

  test("for every device and reason", () => {
    for (const kind of kinds) {
      for (const why of REASONS) {
        plainOf(lostText(kind, { state: "lost", why }));
        plainOf(changedText(kind, { state: "live", deviceName: "Headset", why }));
      }
      plainOf(lostText(kind, { state: "lost" }));
    }
  });

  test("but say a reason that is plain itself", () => {
    assert.equal(lostText("camera", { state: "lost", why: "unplugged" }), "Your camera stopped: unplugged");
  });
});

describe("the connection details", () => {
  test("keep every reason as it was given", () => {
    const { local } = callWithBob();
    const camera = { ...local.camera, why: REASONS[4] ?? "" };
    const call = callWith({
      local: { ...local, camera, mediaLevelReason: REASONS[3] ?? "" },
      remote: { microphone: "on", camera: "off", mediaLevelReason: "broken" },
    });
    assert.deepEqual(detailedReasons(call), [
      `Your camera: ${REASONS[4]}`,
      `Sent: ${REASONS[3]}`,
      "Received: broken",
    ]);
  });

  test("are the place for the reasons of the plugin's own measurements, which have figures", () => {
    const result = assessLoad(measured, "sending", "full", null);
    assert.ok(result.load === "strained" && !isPlainReason(result.reason));
  });
});

test("a plain reason is told as it is, also with a word that begins like the name of a system error", () => {
  const why = SCREEN_LOST_IN_CRASH.why ?? "";
  assert.match(why, /ended/);
  assert.equal(
    screenEndText({ state: "off", ended: SCREEN_LOST_IN_CRASH.reason, why }, "Bob"),
    `Your screen is not shared: ${why}`,
  );
});
