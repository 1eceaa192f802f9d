import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_STATISTICS, readStatistics } from "../../../plugin/peer/statistics.ts";
import type { WrtcStatsEntry } from "../../../plugin/peer/wrtc-types.ts";

const REPORT: [string, WrtcStatsEntry][] = [
  ["T", { type: "transport", selectedCandidatePairId: "P2" }],
  ["P1", { type: "candidate-pair", nominated: true, currentRoundTripTime: 9 }],
  ["P2", { type: "candidate-pair", currentRoundTripTime: 0.012, availableOutgoingBitrate: 800_000 }],
  [
    "IA",
    {
      type: "inbound-rtp",
      kind: "audio",
      bytesReceived: 100,
      packetsReceived: 10,
      packetsLost: 1,
      jitter: 0.004,
      totalSamplesReceived: 48_000,
      concealedSamples: 960,
      estimatedPlayoutTimestamp: 4_004_409_365_500,
    },
  ],
  [
    "IV",
    {
      type: "inbound-rtp",
      mediaType: "video",
      bytesReceived: 5000,
      packetsReceived: 20,
      packetsLost: 2,
      jitter: 0.001,
      framesPerSecond: 29,
      frameWidth: 640,
      frameHeight: 480,
      estimatedPlayoutTimestamp: 4_004_409_365_512,
    },
  ],
  ["OA", { type: "outbound-rtp", kind: "audio", bytesSent: 70 }],
  [
    "OV",
    {
      type: "outbound-rtp",
      kind: "video",
      bytesSent: 4000,
      framesPerSecond: 30,
      frameWidth: 320,
      frameHeight: 240,
      qualityLimitationReason: "cpu",
    },
  ],
  ["RA", { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.01 }],
  [
    "RV",
    {
      type: "remote-inbound-rtp",
      kind: "video",
      fractionLost: 0.05,
      roundTripTimeMeasurements: 4,
      totalRoundTripTime: 0.2,
    },
  ],
];

test("every figure is read from its entry, and the selected pair is the transport's", () => {
  assert.deepEqual(readStatistics(new Map(REPORT)), {
    roundTripMs: 12,
    availableSendBps: 800_000,
    isSearchable: false,
    bytesSentVideo: 4000,
    bytesSentAudio: 70,
    bytesReceivedVideo: 5000,
    bytesReceivedAudio: 100,
    packetsReceived: 30,
    packetsLost: 3,
    soundSamples: 48_000,
    concealedSamples: 960,
    videoAnswers: 4,
    videoAnswersMs: 200,
    jitterMs: 4,
    sendFps: 30,
    receiveFps: 29,
    sendWidth: 320,
    sendHeight: 240,
    receiveWidth: 640,
    receiveHeight: 480,
    avOffsetMs: 12,
    sendLoss: 0.05,
    soundLoss: 0.01,
    isEncoderBehind: true,
    isRateLimited: false,
    isRelayed: null,
  });
});

test("an encoder that its bit rate limits is reported", () => {
  const limited: [string, WrtcStatsEntry] = [
    "OV",
    { type: "outbound-rtp", kind: "video", qualityLimitationReason: "bandwidth" },
  ];
  const { isRateLimited, isEncoderBehind } = readStatistics(new Map([limited]));
  assert.deepEqual([isRateLimited, isEncoderBehind], [true, false]);
});

test("a report on a stream that is not sent any more counts for ten seconds", () => {
  const lossAfter = (ms: number) =>
    readStatistics(
      new Map<string, WrtcStatsEntry>([
        ["OV", { type: "outbound-rtp", kind: "video", timestamp: 100_000 + ms }],
        ["RV", { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.96, timestamp: 100_000 }],
      ]),
    ).sendLoss;
  assert.deepEqual([0, 10_000, 10_001, 784_000].map(lossAfter), [0.96, 0.96, null, null]);
});

test("the newest report counts, and the one on the sound for the sound", () => {
  const lossOf = (soundMs: number, pictureMs: number) => {
    const { sendLoss, soundLoss } = readStatistics(
      new Map<string, WrtcStatsEntry>([
        ["OV", { type: "outbound-rtp", kind: "video", timestamp: 100_000 }],
        ["RA", { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.4, timestamp: soundMs }],
        ["RV", { type: "remote-inbound-rtp", kind: "video", fractionLost: 0, timestamp: pictureMs }],
      ]),
    );
    return [sendLoss, soundLoss];
  };
  assert.deepEqual(lossOf(98_000, 99_900), [0, 0.4]);
  assert.deepEqual(lossOf(99_900, 98_000), [0.4, 0.4]);
});

test("without a transport entry the nominated pair is read", () => {
  assert.equal(readStatistics(new Map(REPORT.slice(1))).roundTripMs, 9000);
});

test("an empty report yields zeros and nulls", () => {
  assert.deepEqual(readStatistics(new Map()), NO_STATISTICS);
});

test("a negative count of lost packets becomes 0", () => {
  const report = new Map([["I", { type: "inbound-rtp", kind: "audio", packetsLost: -3 }]]);
  assert.equal(readStatistics(report).packetsLost, 0);
});

test("a path is relayed when either end of the selected pair is a relayed candidate", () => {
  const isRelayed = (local: string, remote: string | undefined) =>
    readStatistics(
      new Map<string, WrtcStatsEntry>([
        ["P", { type: "candidate-pair", nominated: true, localCandidateId: "L", remoteCandidateId: "R" }],
        ["L", { type: "local-candidate", candidateType: local }],
        ["R", { type: "remote-candidate", candidateType: remote }],
      ]),
    ).isRelayed;
  assert.equal(isRelayed("relay", "host"), true);
  assert.equal(isRelayed("prflx", "relay"), true);
  assert.equal(isRelayed("host", "srflx"), false);
  assert.equal(isRelayed("host", undefined), null);
});
