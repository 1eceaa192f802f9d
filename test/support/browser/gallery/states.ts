// Every state of the call page, as the steps of a scripted plugin and the clicks of a user. A new state is one entry here and its
// kept pictures; see README.md.

import type { CallInfo, Contact, MissedCaller } from "../../../../rpc-schema/index.ts";
import type { ScriptStep } from "../../fakes/scripted-data.ts";
import { BOB, CAROL, callWithBob, contact, statisticsOf } from "../../fakes/scripted-host.ts";
import { callId, connectedAt, type GalleryState } from "./gallery-state.ts";
import { screenStates } from "./screen-states.ts";

const DAVE = "12D3KooWDaveDaveDaveDave";
const longName = "Dr. Maximiliane von und zu Hohenlohe-Langenburg";
const pictures = ["remote-canvas", "local-canvas"];
const { local } = callWithBob();

/** Also behind every state that names no others. */
export function contacts(change: Partial<Contact> = {}): ScriptStep {
  const all = [
    { ...contact(BOB, "Bob Cratchit"), ...change },
    contact(DAVE, longName),
    contact(CAROL, "Carol", false),
  ];
  return { do: "contacts", contacts: all };
}

function call(change: Partial<CallInfo> = {}): ScriptStep {
  return { do: "call", call: callWithBob({ connectedAt, ...change }) };
}

function ringing(change: Partial<CallInfo>): ScriptStep {
  const wanted = { microphone: true, camera: change.media !== "audio" };
  const incoming = callWithBob({ direction: "incoming", phase: "ringing", wanted, ...change });
  const { connectedAt: _, ...waiting } = incoming;
  return { do: "call", isIncoming: true, call: waiting };
}

function calling(change: Partial<CallInfo>): ScriptStep {
  const { connectedAt: _, ...waiting } = callWithBob(change);
  return { do: "call", call: waiting };
}

/** As describeTrouble in plugin/peer/path/path-trouble.ts says it of two servers. */
const refusedServers =
  "no direct path between the two networks, and turns:turn.example.org:5349?transport=tcp refused username or credential (401 Unauthorized); turn:198.51.100.7:3478 has not answered";

function ended(
  reason: "hungUp" | "connectionLost" | "connectTimeout" | "noAnswer",
  endedBy: "local" | "remote",
  durationMs = 0,
  detail?: string,
) {
  const how = detail === undefined ? {} : { detail };
  return [call(), { do: "end", callId, reason, endedBy, durationMs, ...how }] as const satisfies ScriptStep[];
}

/** A notice needs more than one level. */
function speaking(level: number): ScriptStep[] {
  const levels = { callId, microphone: 0, speaker: 0, mutedMicrophone: level };
  return Array.from({ length: 4 }, () => ({ do: "levels", ...levels }));
}

const voice = {
  media: "audio",
  local: { ...local, camera: { state: "off" } },
  remote: { microphone: "on", camera: "off" },
} as const;
const muted = { ...local, microphone: { ...local.microphone, state: "muted" } } as const;
const protection: CallInfo["protection"] = {
  path: "relayed",
  identity: "host",
  check: "code",
  checkCode: "limestone kangaroo hedgehog saxophone",
  checkCodeChanged: true,
};
const trouble: Partial<CallInfo> = {
  peerLabel: longName,
  phase: "reconnecting",
  quality: "poor",
  sending: {
    ...{ step: "half", strain: "processor", width: 320, height: 240, fps: 30 },
    reason: "67 % of the camera's pictures came too fast",
  },
  remote: {
    ...{ microphone: "off", camera: "off", mediaLevel: "voiceOnly" },
    mediaLevelReason: "the picture cannot be shown: one side has H264 only, the other VP8, VP9 and AV1",
  },
};

/** Noon, so that the day is the same in most time zones. */
const missedAt = Date.UTC(2020, 5, 1, 12);
const missedCalls: MissedCaller[] = [
  {
    ...{ peerId: BOB, peerLabel: "Bob Cratchit", media: "video", count: 3, unseen: 2 },
    ...{ firstAt: missedAt, lastAt: missedAt },
  },
  {
    ...{ peerId: DAVE, peerLabel: longName, media: "audio", count: 1, unseen: 0 },
    ...{ firstAt: missedAt, lastAt: missedAt },
  },
];

/** Around a call. */
export const aroundCalls: readonly GalleryState[] = [
  { name: "idle", steps: [contacts()], shows: [`contact-${DAVE}`] },
  { name: "nobody", steps: [{ do: "contacts", contacts: [] }], shows: ["no-contacts"] },
  { name: "peer-takes-no-calls", steps: [contacts({ videoDisabled: true })], shows: ["calls-disabled"] },
  { name: "add-contact", steps: [contacts()], clicks: ["add-contact"], shows: ["own-address"] },
  {
    name: "add-contact-refused",
    steps: [contacts()],
    clicks: ["add-contact", "address-submit"],
    shows: ["address-error"],
  },
  { name: "devices", steps: [contacts()], clicks: ["devices-open"], shows: ["devices-dialog"] },
  {
    name: "device-check",
    steps: [contacts()],
    clicks: ["welcome-check"],
    shows: ["check-canvas", "check-meter"],
  },
  {
    name: "missed-calls",
    steps: [contacts(), { do: "missed", missed: missedCalls }],
    clicks: ["missed-badge"],
    shows: [`missed-${BOB}`, `missed-${DAVE}`],
  },
  {
    name: "settings",
    steps: [contacts(), { do: "missed", missed: [] }],
    clicks: ["settings-open"],
    shows: ["setting-debugging"],
  },
  { name: "hung-up", steps: ended("hungUp", "local", 754_000), shows: ["end-notice"] },
  { name: "connection-lost", steps: ended("connectionLost", "remote", 61_000), shows: ["end-notice"] },
  { name: "no-path", steps: ended("connectTimeout", "local", 0, refusedServers), shows: ["end-detail"] },
  { name: "missed", steps: ended("noAnswer", "remote"), shows: ["end-notice"] },
];

/** Before a call is connected. */
const beforeCalls: readonly GalleryState[] = [
  { name: "incoming-video", steps: [ringing({ peerLabel: longName })], shows: ["accept-video"] },
  { name: "incoming-voice", steps: [ringing({ media: "audio" })], shows: ["accept-audio"] },
  { name: "requesting-video", steps: [calling({ phase: "requesting" })], shows: ["local-canvas"] },
  { name: "ringing-voice", steps: [calling({ phase: "ringing", ...voice })], shows: ["call-avatar"] },
  { name: "connecting", steps: [calling({ phase: "connecting", peerLabel: longName })], shows: pictures },
];

/** In a call. */
const inCalls: readonly GalleryState[] = [
  { name: "video", steps: [call()], shows: pictures },
  {
    name: "voice",
    steps: [call(voice), { do: "levels", callId, microphone: 0.3, speaker: 0.4 }],
    shows: ["call-avatar"],
  },
  {
    name: "you-are-muted",
    steps: [call({ local: muted }), ...speaking(0.4)],
    shows: [...pictures, "you-are-muted"],
  },
  {
    name: "camera-off",
    steps: [call({ local: { ...local, camera: { state: "off" } } })],
    shows: ["remote-canvas"],
  },
  {
    name: "remote-off",
    steps: [call({ remote: { microphone: "off", camera: "off" } })],
    shows: ["local-canvas", "remote-muted", "remote-camera-off"],
  },
  {
    name: "reconnecting",
    steps: [call({ phase: "reconnecting", quality: "poor" })],
    shows: [...pictures, "reconnecting"],
  },
  {
    name: "new-check-code",
    steps: [call({ protection }), { do: "statistics", statistics: statisticsOf(callId) }],
    shows: [...pictures, "check-note"],
  },
  {
    name: "details",
    steps: [call({ protection }), { do: "statistics", statistics: statisticsOf(callId) }],
    clicks: ["quality"],
    shows: ["remote-canvas", "details"],
    texts: ["23 ms"],
  },
  {
    name: "details-and-notices",
    steps: [call({ ...trouble, protection }), { do: "statistics", statistics: statisticsOf(callId) }],
    clicks: ["quality"],
    shows: ["details", "picture-smaller"],
    texts: ["23 ms"],
  },
  {
    name: "check-failed",
    steps: [call({ protection: { path: "direct", identity: "key", check: "failed" } })],
    shows: [...pictures, "check-note"],
  },
  {
    name: "devices-lost",
    steps: [
      call({
        local: {
          ...local,
          camera: {
            state: "lost",
            why: "the camera was unplugged",
            offered: { deviceId: "x", deviceName: "Desk camera" },
          },
          microphone: { ...local.microphone, why: "Desk microphone was unplugged" },
        },
      }),
    ],
    shows: ["remote-canvas", "camera-lost", "camera-offered", "microphone-changed"],
  },
  {
    name: "no-picture-arrives",
    steps: [
      call({
        local: { ...local, mediaLevel: "voiceOnly", mediaLevelReason: "the other side takes no picture" },
        sending: { step: "full", width: 640, height: 480, fps: 30 },
        remote: { ...trouble.remote, microphone: "on", camera: "off" },
      }),
    ],
    shows: ["local-canvas", "local-trouble", "remote-trouble"],
  },
  {
    name: "refused",
    steps: [
      call({
        local: {
          ...local,
          camera: { ...local.camera, offered: { deviceId: "usb-cam-2", deviceName: "Desk camera" } },
        },
      }),
    ],
    clicks: ["camera-use-offered"],
    shows: [...pictures, "toast"],
  },
  { name: "swapped", steps: [call()], clicks: ["own-picture"], shows: pictures },
  { name: "own-picture-hidden", steps: [call()], clicks: ["own-toggle"], shows: ["remote-canvas"] },
  { name: "devices-in-call", steps: [call()], clicks: ["call-devices"], shows: ["meter-microphone"] },
];

/** The page's help, and the ends of plugin and host. The last state is the end of the host. */
const atTheEnd: readonly GalleryState[] = [
  { name: "keys", steps: [call()], clicks: ["keys-open"], shows: ["keys-dialog"] },
  // Without a call, since the pages' last requests of one would be in the plugin's last words.
  {
    name: "calls-off",
    steps: [
      contacts(),
      {
        do: "availability",
        availability: {
          ...{ videoDisabled: true, cause: "device" },
          why: "There is neither a camera nor a microphone. Plug one in.",
        },
      },
    ],
    shows: ["availability-banner"],
  },
  {
    name: "plugin-stopped",
    steps: [{ do: "die", words: "Error: something that nobody foresaw, with a long explanation", status: 1 }],
    shows: ["restart"],
  },
  { name: "host-gone", steps: [], shows: ["trouble"], endsHost: true },
];

/** By folder of the kept pictures. */
export const galleryStates = {
  "around-calls": aroundCalls,
  "before-calls": beforeCalls,
  "in-calls": inCalls,
  screens: screenStates,
  "at-the-end": atTheEnd,
};
