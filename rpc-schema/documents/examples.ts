// An example of each message, for the OpenRPC document and the reference. A message without one does not compile, and a test
// checks each example with its schema.

import type { CallInfo, Contact } from "../common.ts";
import type { CallStatistics } from "../methods/calls.ts";
import { REFUSAL_TEXTS } from "../methods/debug.ts";
import type { MissedCaller } from "../methods/missed-calls.ts";
import type {
  HostNotificationName,
  HostNotificationParams,
  MethodName,
  ParamsInput,
  PluginMethodName,
  PluginMethodParams,
  PluginMethodResult,
  PluginNotificationName,
  PluginNotificationParams,
  Result,
} from "../registry.ts";
import { settingsSchema } from "../settings/settings.ts";
import { PLUGIN_CAPABILITIES } from "../version.ts";

const callId = "0e271bc5-0cdb-44bd-99e1-b500e80cfda1";
const peerId = "12D3KooWP2AMNXbYec9Uqx5fAUnhuMYZ9ht3EydMANC7siQnEJWH";
const selfId = "12D3KooWC5EkUG1Qc3qtA4q3aiJ5QzMMcLVbcmViUPeAzdFzW9iw";
const address = `/ip4/192.0.2.7/tcp/4001/p2p/${peerId}`;
const previewId = "9b0e7b62-6d7c-4b63-93a5-6a3f0a6f0c11";
const topic = `call:${callId}`;
const stream = "s1";
const dataUrl = "data:image/jpeg;n=s1-1;base64,/9j/4AAQ…";
const snapshot = '{"format":1,…}';

const settings = settingsSchema.parse({ camera: "test-pattern", iceServers: [] });
const bob: Contact = { peerId, label: "Bob", addresses: [address], reachable: true, videoDisabled: false };
const devices = {
  cameras: [{ id: "test-pattern", name: "Test pattern", isDefault: false }],
  microphones: [{ id: "tone", name: "Test tone", isDefault: false }],
  speakers: [{ id: "none", name: "No speaker", isDefault: true }],
};

const missed: MissedCaller[] = [
  {
    peerId,
    peerLabel: "Bob",
    media: "video",
    count: 3,
    unseen: 2,
    firstAt: 1_795_930_112_450,
    lastAt: 1_795_933_574_018,
  },
];

const ringing: CallInfo = {
  callId,
  peerId,
  peerLabel: "Bob",
  direction: "incoming",
  media: "video",
  phase: "ringing",
  createdAt: 1_795_933_574_018,
  local: {
    microphone: { state: "off" },
    camera: { state: "off" },
    speaker: { state: "off" },
    mediaLevel: "receiveOnly",
  },
  wanted: { microphone: true, camera: true },
  remote: { microphone: "unknown", camera: "unknown" },
  sending: { step: "full", width: 0, height: 0, fps: 0 },
  showing: { step: "full" },
  quality: "unknown",
  protection: { path: "unknown", identity: "key", check: "waiting" },
};

const { wanted: _, ...accepted } = ringing;
const connected: CallInfo = {
  ...accepted,
  direction: "outgoing",
  phase: "connected",
  connectedAt: 1_795_933_574_223,
  local: {
    microphone: { state: "muted", deviceId: "tone", deviceName: "Test tone" },
    camera: { state: "live", deviceId: "test-pattern", deviceName: "Test pattern" },
    speaker: { state: "live", deviceId: "none", deviceName: "No speaker" },
    screen: { state: "off", ended: "closed", why: "the window was closed" },
    mediaLevel: "pictureAndVoice",
  },
  remote: { microphone: "on", camera: "on", mediaLevel: "pictureAndVoice" },
  sending: {
    step: "half",
    strain: "link",
    reason: "0.4 Mbit/s for the picture",
    width: 640,
    height: 360,
    fps: 30,
  },
  quality: "good",
  protection: {
    path: "direct",
    identity: "key",
    check: "code",
    checkCode: "otter canvas ribbon mango",
    checkCodeChanged: false,
  },
};

const screens = [
  { id: "monitor:DP-1", name: "DP-1", kind: "monitor" as const, isPrimary: true, width: 1920, height: 1080 },
  {
    ...{ id: "window:0x1c00007", name: "Letter.odt", kind: "window" as const },
    ...{ isPrimary: false, width: 900, height: 1100 },
  },
];

const counts = { offered: 30, unwatched: 0, paced: 0, replaced: 1, failed: 0, written: 28, waiting: 1 };
const statistics: CallStatistics = {
  callId,
  at: 1_795_933_575_225,
  quality: "good",
  roundTripMs: 12,
  sendVideoBps: 812_000,
  sendAudioBps: 32_000,
  receiveVideoBps: 790_500,
  receiveAudioBps: 31_800,
  availableSendBps: 1_500_000,
  packetsLost: 0,
  fractionLost: 0,
  concealedSound: 0.002,
  jitterMs: 3,
  sendFps: 30,
  receiveFps: 30,
  sendWidth: 640,
  sendHeight: 360,
  receiveWidth: 1280,
  receiveHeight: 720,
  captureToSendMs: 4.5,
  pictureHoldMs: 18,
  frames: { captured: 30, captureDropped: 0, sent: 30, received: 30, remote: counts, local: counts },
};

export const methodExamples: { [M in MethodName]: { params: ParamsInput<M>; result: Result<M> } } = {
  initialize: {
    params: {
      protocolVersions: [1, 2],
      capabilities: ["carrier", "resume"],
      host: { name: "my-host", version: "1.0" },
      identity: { label: "Alice" },
      carrier: { selfId },
      settings: { camera: "test-pattern", iceServers: [] },
    },
    result: {
      protocolVersion: 2,
      capabilities: [...PLUGIN_CAPABILITIES],
      plugin: { name: "goop-call-plugin", version: "0.1.0" },
      mode: "native",
      settings,
    },
  },
  shutdown: { params: {}, result: null },
  "settings.update": {
    params: { settings: { camera: "none", mode: "native" } },
    result: { settings: { ...settings, camera: "none", mode: "native" }, restartNeeded: ["mode"] },
  },
  "contacts.list": { params: {}, result: { contacts: [bob] } },
  "contacts.add": { params: { address }, result: bob },
  "devices.list": { params: {}, result: devices },
  "screen.sources": { params: {}, result: { chooser: "host", sources: screens } },
  "call.start": { params: { peerId, media: "video" }, result: { callId } },
  "call.accept": { params: { callId, media: "audio" }, result: null },
  "preview.start": { params: { camera: true, microphone: true }, result: { previewId } },
  "preview.hearYourself": { params: {}, result: null },
  "preview.testSound": { params: {}, result: null },
  "preview.stop": { params: {}, result: null },
  "call.reject": { params: { callId, reason: "busy" }, result: null },
  "call.hangup": { params: { callId }, result: null },
  "call.setMicrophone": { params: { callId, on: false }, result: null },
  "call.setCamera": { params: { callId, on: true }, result: null },
  "call.useDevice": { params: { callId, kind: "microphone", deviceId: "tone" }, result: null },
  "call.shareScreen": { params: { callId, on: true, source: "window:0x1c00007" }, result: null },
  "call.list": { params: {}, result: { calls: [connected] } },
  "call.stats": { params: { callId }, result: statistics },
  "calls.missed": { params: {}, result: { missed } },
  "calls.seen": { params: { peerId, until: 1_795_933_574_018 }, result: null },
  "call.snapshot": {
    params: { callId, source: "remote" },
    result: { width: 1280, height: 720, dataUrl: "data:image/png;base64,iVBORw0KGgo…" },
  },
  "frames.subscribe": { params: { callId, source: "remote", maxWidth: 640, credit: 2 }, result: { stream } },
  "frames.unsubscribe": { params: { stream }, result: null },
  "signal.deliver": { params: { from: peerId, topic, payload: { type: "call-ack" } }, result: null },
  "charts.list": { params: {}, result: { charts: [] } },
  "charts.subscribe": { params: {}, result: { startedAt: 1_795_933_573_382.25 } },
  "charts.unsubscribe": { params: {}, result: null },
  "debug.refusals": {
    params: {},
    result: {
      refusals: [{ reason: "candidate", count: 3, text: REFUSAL_TEXTS.candidate }],
    },
  },
  "debug.bundle": {
    params: { masked: true },
    result: { path: "/home/alice/.goop2/calls/evidence/goop-call-evidence.json", bytes: 100_641 },
  },
};

export const pluginMethodExamples: {
  [M in PluginMethodName]: { params: PluginMethodParams<M>; result: PluginMethodResult<M> };
} = {
  "signal.send": {
    params: { peerId, topic, payload: { type: "call-request", mediaType: "video" } },
    result: null,
  },
};

export const hostNotificationExamples: { [N in HostNotificationName]: HostNotificationParams<N> } = {
  initialized: {},
  exit: {},
  "frames.ack": { stream, seq: 1 },
  "contacts.set": { contacts: [{ ...bob, addresses: [] }] },
};

export const pluginNotificationExamples: { [N in PluginNotificationName]: PluginNotificationParams<N> } = {
  "signalling.changed": { state: "ready", peerId: selfId, addresses: [`/p2p/${selfId}`] },
  "availability.changed": { videoDisabled: true, cause: "device", why: "Connect a camera or a microphone." },
  "contacts.changed": { contacts: [bob] },
  "devices.changed": devices,
  "call.incoming": ringing,
  "call.changed": connected,
  "call.ended": { callId, peerId, reason: "hungUp", endedBy: "remote", durationMs: 61_319 },
  "calls.persisted": { snapshot, callId },
  "calls.missedChanged": { missed },
  "call.statistics": statistics,
  "preview.changed": {
    previewId,
    camera: { state: "live", deviceId: "test-pattern", deviceName: "Test pattern" },
    microphone: { state: "live", deviceId: "tone", deviceName: "Test tone" },
    sound: "recording",
  },
  "preview.levels": { previewId, microphone: 0.25 },
  "preview.ended": { previewId, reason: "call" },
  "call.levels": { callId, microphone: 0.25, speaker: 0.5 },
  frame: { stream, seq: 1, capturedAt: 1_795_933_575_459.622, width: 1280, height: 720, dataUrl },
  "charts.recorded": {
    entries: [
      { kind: "actor", t: 437.9, id: "callManager", chart: "callManager", input: {} },
      {
        kind: "event",
        t: 1204.5,
        to: "callManager",
        from: null,
        origin: "user",
        event: { type: "user.start", callId, peerId, media: "video" },
      },
      {
        kind: "step",
        t: 1204.6,
        id: "callManager",
        event: "user.start",
        status: "active",
        value: "open",
        changed: {},
        taken: [{ from: "callManager.open", on: "user.start", index: 0, to: [] }],
        actions: ["startCall"],
      },
    ],
  },
};
