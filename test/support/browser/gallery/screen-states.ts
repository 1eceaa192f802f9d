// The states of the call page around shared screens: one's own and the other side's.

import type { CallInfo, Result, ScreenSource, SharedScreen } from "../../../../rpc-schema/index.ts";
import type { ScriptStep } from "../../fakes/scripted-data.ts";
import { callWithBob, statisticsOf } from "../../fakes/scripted-host.ts";
import { callId, connectedAt, type GalleryState } from "./gallery-state.ts";

const monitor: ScreenSource = {
  ...{ id: "monitor:1", name: "HDMI-1", kind: "monitor", isPrimary: true },
  ...{ width: 1920, height: 1080 },
};
const sources: ScreenSource[] = [
  { ...monitor, id: "all", name: "", isPrimary: false, width: 3840 },
  monitor,
  { ...monitor, id: "monitor:2", name: "DP-2", isPrimary: false },
  {
    ...{ id: "window:1", kind: "window", isPrimary: false, width: 1160, height: 900 },
    name: "Minutes of the annual meeting – Text editor",
  },
  { id: "window:2", name: "Calculator", kind: "window", isPrimary: false, width: 400, height: 616 },
];
const desktop = offer({ chooser: "desktop", sources: [] });
const { local } = callWithBob();
const live: SharedScreen = { state: "live", kind: "monitor", name: "HDMI-1" };

function offer(answer: Result<"screen.sources">): ScriptStep {
  return { do: "screens", offer: answer };
}

function call(screen: SharedScreen, change: Partial<CallInfo> = {}): ScriptStep {
  return { do: "call", call: callWithBob({ connectedAt, local: { ...local, screen }, ...change }) };
}

function changed(screen: SharedScreen, change: Partial<CallInfo> = {}): ScriptStep {
  return { do: "change", callId, change: { local: { ...local, screen }, ...change } };
}

const sending: CallInfo["sending"] = { step: "full", width: 1920, height: 1080, fps: 30 };
const off: SharedScreen = { state: "off" };
const remoteScreen: Partial<CallInfo> = {
  remote: { microphone: "on", camera: "on", screen: true },
};
const measured: ScriptStep = {
  do: "statistics",
  statistics: { ...statisticsOf(callId), receiveWidth: 1920, receiveHeight: 1080 },
};

export const screenStates: readonly GalleryState[] = [
  {
    name: "share-off",
    steps: [offer({ chooser: "host", sources }), call(off)],
    shows: ["remote-canvas", "local-canvas", "share-toggle"],
  },
  {
    name: "share-choosing",
    steps: [offer({ chooser: "host", sources }), call(off)],
    clicks: ["share-toggle"],
    shows: ["screen-chooser", "screen-source"],
  },
  {
    name: "share-nothing-there",
    steps: [offer({ chooser: "host", sources: [] }), call(off)],
    clicks: ["share-toggle"],
    shows: ["screen-chooser", "screen-chooser-note"],
  },
  {
    name: "share-choosing-desktop",
    steps: [desktop, call(off), changed({ state: "choosing" })],
    shows: ["remote-canvas", "sharing-bar"],
    texts: ["Choose in your desktop’s window…"],
  },
  {
    name: "sharing-monitor",
    steps: [offer({ chooser: "host", sources }), call(live, { sending })],
    shows: ["remote-canvas", "sharing-bar", "own-screen"],
  },
  {
    name: "sharing-window",
    steps: [
      offer({ chooser: "host", sources }),
      call({ state: "live", kind: "window", name: sources[3]?.name ?? "" }, { sending }),
    ],
    shows: ["remote-canvas", "local-canvas", "sharing-bar"],
  },
  {
    name: "sharing-behind-dialog",
    steps: [offer({ chooser: "host", sources }), call(live, { sending })],
    clicks: ["call-devices"],
    shows: ["sharing-bar", "meter-microphone"],
  },
  {
    name: "share-refused",
    steps: [desktop, call({ state: "choosing" }), changed({ state: "off", ended: "refused", why: "no" })],
    shows: ["remote-canvas", "local-canvas", "screen-ended"],
  },
  {
    name: "share-impossible",
    steps: [offer({ chooser: "none", sources: [], why: "there is no X display" }), call(off)],
    clicks: ["share-toggle"],
    shows: ["share-toggle", "toast"],
  },
  {
    name: "remote-screen",
    steps: [offer({ chooser: "host", sources }), call(off, remoteScreen), measured],
    shows: ["remote-canvas", "local-canvas", "remote-screen", "zoom-fit"],
  },
  {
    name: "remote-screen-zoomed",
    steps: [offer({ chooser: "host", sources }), call(off, remoteScreen), measured],
    clicks: ["zoom-actual"],
    shows: ["remote-canvas", "local-canvas", "zoom-fit"],
    texts: ["100 %"],
  },
  {
    name: "both-screens",
    steps: [offer({ chooser: "host", sources }), call(live, { sending, ...remoteScreen }), measured],
    shows: ["remote-canvas", "sharing-bar", "own-screen", "zoom-fit"],
  },
];
