// Rates from counters, quality from rates, and the median of delays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CallMedia } from "../../../plugin/calls/call-media.ts";
import { qualityOf, type StatisticsMoment, statisticsOf } from "../../../plugin/calls/call-statistics.ts";
import { createMedianWindow } from "../../../plugin/calls/median-window.ts";
import type { PeerStatistics } from "../../../plugin/peer/peer.ts";
import { NO_STATISTICS } from "../../../plugin/peer/statistics.ts";
import { callStatisticsSchema } from "../../../rpc-schema/methods/calls.ts";
import { countedFrame } from "../../support/fakes/fake-frames.ts";
import { NO_FRAMES, NO_MEDIA } from "../../support/plugin/call-bench.ts";

function moment(measuredMs: number, peer: Partial<PeerStatistics> = {}): StatisticsMoment {
  return {
    callId: "call-1",
    at: 0,
    measuredMs,
    peer: { ...NO_STATISTICS, ...peer },
    media: NO_MEDIA,
    captureToSendMs: null,
    pictureHoldMs: 0,
    remoteFrames: NO_FRAMES,
    localFrames: NO_FRAMES,
  };
}

describe("statistics", () => {
  test("have no rates at the first moment", () => {
    const first = statisticsOf(moment(1_000, { bytesSentVideo: 5_000 }), null);
    assert.deepEqual([first.sendVideoBps, first.fractionLost, first.quality], [0, null, "unknown"]);
    assert.deepEqual(callStatisticsSchema.parse(first), first);
  });

  test("compute bits a second over the time that has passed", () => {
    const last = moment(1_000, { bytesSentVideo: 1_000, bytesSentAudio: 100, bytesReceivedVideo: 0 });
    const now = moment(3_000, {
      bytesSentVideo: 3_000,
      bytesSentAudio: 350,
      bytesReceivedVideo: 500,
      bytesReceivedAudio: 25,
    });
    const { sendVideoBps, sendAudioBps, receiveVideoBps, receiveAudioBps } = statisticsOf(now, last);
    assert.deepEqual(
      [sendVideoBps, sendAudioBps, receiveVideoBps, receiveAudioBps],
      [8_000, 1_000, 2_000, 100],
    );
  });

  test("are never negative or infinite when counters restart or no time has passed", () => {
    const last = moment(1_000, { bytesSentVideo: 9_000, packetsReceived: 100, packetsLost: 9 });
    const { sendVideoBps, fractionLost } = statisticsOf(moment(1_000, { bytesSentVideo: 10 }), last);
    assert.deepEqual([sendVideoBps, fractionLost], [0, null]);
  });

  test("compute the loss over the packets that were expected since the last moment", () => {
    const last = moment(1_000, { packetsReceived: 1_000, packetsLost: 50 });
    const { fractionLost, packetsLost } = statisticsOf(
      moment(2_000, { packetsReceived: 1_090, packetsLost: 60 }),
      last,
    );
    assert.deepEqual([fractionLost, packetsLost], [0.1, 60]);
  });

  test("compute the share of concealed sound, and none while no sound arrives", () => {
    const last = moment(1_000, { bytesReceivedAudio: 100, soundSamples: 48_000, concealedSamples: 480 });
    const later = { soundSamples: 96_000, concealedSamples: 2_880 };
    const [heard, nothing] = [200, 100].map((bytesReceivedAudio) =>
      statisticsOf(moment(2_000, { bytesReceivedAudio, ...later }), last),
    );
    assert.deepEqual([heard?.concealedSound, nothing?.concealedSound], [0.05, null]);
  });

  test("count no placeholder as a sent frame", () => {
    const engine = { sendFps: 12, sendWidth: 160, sendHeight: 120 };
    const [last, now] = [moment(1_000, engine), moment(2_000, engine)];
    const sent = (frames: number) => ({ ...now, media: { ...now.media, sent: frames, placeholders: 12 } });
    const [black, camera] = [statisticsOf(sent(0), last), statisticsOf(sent(3), last)];
    assert.deepEqual([black.sendFps, black.sendWidth, black.sendHeight], [0, 0, 0]);
    assert.equal(camera.sendFps, 12);
    assert.deepEqual([black.frames.sent, black.frames.placeholders], [0, 12]);
  });

  test("rate a connection by round trip and loss, whichever is worse", () => {
    assert.equal(qualityOf(null, 0), "unknown");
    assert.equal(qualityOf(300, 0.02), "good");
    assert.equal(qualityOf(100, null), "good");
    assert.equal(qualityOf(301, 0), "fair");
    assert.equal(qualityOf(10, 0.021), "fair");
    assert.equal(qualityOf(801, 0), "poor");
    assert.equal(qualityOf(10, 0.081), "poor");
  });
});

describe("the median window", () => {
  test("is null while empty and covers only the newest values", () => {
    const window = createMedianWindow(3);
    assert.equal(window.median(), null);
    window.add(10);
    assert.equal(window.median(), 10);
    for (const value of [100, 2, 9]) window.add(value);
    assert.equal(window.median(), 9);
  });

  test("sorts by size, not by text", () => {
    const window = createMedianWindow(3);
    for (const value of [9, 100, 10]) window.add(value);
    assert.equal(window.median(), 10);
  });
});

describe("a call's media", () => {
  const mediaAt = (nowUs: number) => {
    const shown: string[] = [];
    const media = new CallMedia({
      showFrame: (source) => void shown.push(source),
      setLocalContent: () => undefined,
      nowUs: () => nowUs,
      createScaler: () => assert.fail("no frame is scaled in this test"),
      captureConstraints: () => ({ width: 640, height: 480, fps: 30 }),
      onError: assert.fail,
    });
    return { media, shown };
  };

  test("reports the peaks since the last reading, from silence to full scale", () => {
    const { media } = mediaAt(0);
    assert.deepEqual(media.takeLevels(), { microphone: 0, speaker: 0 });
    media.microphoneBlock(new Int16Array([0, 16_384, -100]));
    media.microphoneBlock(new Int16Array([1, 2, 3]));
    media.remoteBlock(new Int16Array([-32_768]), 48_000);
    const { microphone, speaker } = media.takeLevels();
    assert.ok(Math.abs(microphone - 0.5) < 0.001);
    assert.equal(speaker, 1);
    assert.deepEqual(media.takeLevels(), { microphone: 0, speaker: 0 });
  });

  test("shows local frames without a connection, and counts none of them as sent", () => {
    const { media, shown } = mediaAt(0);
    media.cameraFrame(countedFrame());
    media.remoteFrame(countedFrame());
    assert.deepEqual(shown, ["local", "remote"]);
    assert.deepEqual(media.counts(), { ...NO_MEDIA, received: 1 });
    assert.equal(media.captureToSendMs(), null);
  });

  test("measures the time from capture to the connection in milliseconds", () => {
    const frame = countedFrame();
    const { media } = mediaAt(frame.capturedAtUs + 2_500);
    media.attachPeer(
      { sendVideo: () => undefined, setAudioReceiving: () => undefined, isPathUnknown: () => false } as never,
      () => null,
    );
    media.cameraFrame(frame);
    assert.equal(media.captureToSendMs(), 2.5);
    assert.equal(media.counts().sent, 1);
  });
});
