// A fake plugin program. It speaks the protocol with canned behaviour, and performs the steps that a test sends by the
// notification `script`. A page can show every state, including rare ones, without network, devices and engine.

import { createInterface } from "node:readline";
import {
  type CallInfo,
  type Contact,
  type EndedBy,
  type EndReason,
  type HostNotificationParams,
  hostNotifications,
  issuesOf,
  MAX_STREAMS_PER_CALL,
  type MethodName,
  type MissedCaller,
  methods,
  type Params,
  PROTOCOL_VERSION,
  type PreviewInfo,
  type Result,
  settingsSchema,
} from "../../../rpc-schema/index.ts";
import { scriptedFrameLine, scriptedScreenLine } from "../browser/scripted-frames.ts";
import { FAKE_SCREEN } from "./fake-screens.ts";
import {
  contactAt,
  devices,
  newCall,
  off,
  REQUEST_LINE_PREFIX,
  RequestRefused,
  type ScriptStep,
  sharedScreen,
  snapshot,
} from "./scripted-data.ts";

/** Ten frames a second show movement and leave the machine to the browser. */
const FRAME_INTERVAL_MS = 100;
const SELF = "12D3KooWScriptedSe1fScriptedSe1fScriptedSe1fScriptedSe1f";

let contacts: Contact[] = [];
let missed: MissedCaller[] = [];
let settings = settingsSchema.parse({});
const calls = new Map<string, CallInfo>();
const streams = new Map<
  string,
  { callId: string; source: "local" | "remote"; maxWidth: number; seq: number; acked: number; credit: number }
>();
let screens: Result<"screen.sources"> = { chooser: "host", sources: [FAKE_SCREEN] };
let preview: PreviewInfo | null = null;
const live = { state: "live" } as const;
let frameSize = { width: 640, height: 480 };
let areStill = false;
let lastId = 0;
/** The error of a method's next request. */
const refusals = new Map<string, RequestRefused>();
let heldMethod: MethodName | undefined;
const held: (() => void)[] = [];

function write(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function notify(method: string, params: object): void {
  write({ method, params });
}

function update(callId: string, change: Partial<CallInfo>): null {
  const call = calls.get(callId);
  if (!call) throw new RequestRefused(1101, "unknownCall");
  const changed = { ...call, ...change };
  calls.set(callId, changed);
  notify("call.changed", changed);
  return null;
}

function local(callId: string, change: Partial<CallInfo["local"]>): null {
  const call = calls.get(callId);
  return update(callId, call ? { local: { ...call.local, ...change } } : {});
}

/** @returns false for a call that was accepted */
function wanted(callId: string, change: Partial<NonNullable<CallInfo["wanted"]>>): boolean {
  const before = calls.get(callId)?.wanted;
  if (before === undefined) return false;
  update(callId, { wanted: { ...before, ...change } });
  return true;
}

function end(
  callId: string,
  reason: EndReason,
  endedBy: EndedBy,
  durationMs = 0,
  extra: { replacedBy?: string; detail?: string } = {},
): null {
  const call = calls.get(callId);
  if (!call) throw new RequestRefused(1101, "unknownCall");
  calls.delete(callId);
  for (const [stream, { callId: of }] of streams) if (of === callId) streams.delete(stream);
  notify("call.ended", { callId, peerId: call.peerId, reason, endedBy, durationMs, ...extra });
  return null;
}

function showMissed(next: MissedCaller[]): void {
  missed = next;
  notify("calls.missedChanged", { missed });
}

function contactOf(peerId: string): Pick<Contact, "peerId" | "label"> {
  return contacts.find((contact) => contact.peerId === peerId) ?? { peerId, label: "" };
}

function start({ peerId, media }: Params<"call.start">): Result<"call.start"> {
  if (calls.size > 0) throw new RequestRefused(1103, "alreadyInCall");
  const call = newCall(`call-${++lastId}`, contactOf(peerId), media);
  calls.set(call.callId, call);
  notify("call.changed", call);
  return { callId: call.callId };
}

function accept({ callId, media }: Params<"call.accept">): null {
  const call = calls.get(callId);
  if (!call) throw new RequestRefused(1101, "unknownCall");
  const acceptedMedia = media ?? call.media;
  const { local: devicesInUse } = newCall(callId, contactOf(call.peerId), acceptedMedia);
  update(callId, { media: acceptedMedia, phase: "connecting", local: devicesInUse, wanted: undefined });
  const remote = { microphone: "on", camera: acceptedMedia === "video" ? "on" : "off" } as const;
  return update(callId, { phase: "connected", connectedAt: Date.now(), quality: "good", remote });
}

function addContact({ address }: Params<"contacts.add">): Contact {
  const contact = contactAt(address);
  contacts = [...contacts, contact];
  notify("contacts.changed", { contacts });
  return contact;
}

function useDevice({ callId, kind, deviceId }: Params<"call.useDevice">): null {
  if (deviceId === "usb-cam-2") throw new RequestRefused(1201, "unknownDevice");
  return local(callId, { [kind]: { state: "live", deviceId } });
}

function shareScreen({ callId, ...request }: Params<"call.shareScreen">): null {
  const { screen, sending } = sharedScreen(screens, request);
  if (sending) update(callId, { sending });
  return local(callId, { screen });
}

function subscribe({
  callId,
  source,
  credit,
  maxWidth,
}: Params<"frames.subscribe">): Result<"frames.subscribe"> {
  if (!calls.has(callId) && callId !== preview?.previewId) throw new RequestRefused(1101, "unknownCall");
  const open = [...streams.values()].filter((stream) => stream.callId === callId).length;
  if (!areStill && open >= MAX_STREAMS_PER_CALL) throw new RequestRefused(1303, "tooManyStreams");
  const stream = `s${++lastId}`;
  streams.set(stream, { callId, source, maxWidth, seq: 0, acked: 0, credit });
  return { stream };
}

/** A step of the script ends the sound. */
function play(sound: PreviewInfo["sound"]): null {
  if (!preview) throw new RequestRefused(1109, "noPreview");
  changePreview({ sound });
  return null;
}

function changePreview(change: Partial<PreviewInfo>): void {
  if (!preview) return;
  preview = { ...preview, ...change };
  notify("preview.changed", preview);
}

function endPreview(reason: "stopped" | "call" | "callsDisabled"): void {
  if (preview) notify("preview.ended", { previewId: preview.previewId, reason });
  preview = null;
}

const handlers: { [M in MethodName]: (params: Params<M>) => Result<M> } = {
  initialize: ({ settings: given }) => {
    settings = settingsSchema.parse(given ?? {});
    const plugin = { name: "scripted-plugin", version: "0" };
    return { protocolVersion: PROTOCOL_VERSION, plugin, mode: "native" as const, settings };
  },
  shutdown: () => null,
  "settings.update": ({ settings: change }) => {
    const last = settings;
    settings = settingsSchema.parse({ ...settings, ...change });
    if (settings.videoDisabled !== last.videoDisabled) notifyAvailability();
    return { settings, restartNeeded: settings.mode === last.mode ? [] : ["mode"] };
  },
  "contacts.list": () => ({ contacts }),
  "contacts.add": addContact,
  "signal.deliver": () => null,
  "debug.refusals": () => ({ refusals: [] }),
  "debug.bundle": () => ({ path: "/nowhere", bytes: 0 }),
  "charts.list": () => ({ charts: [] }),
  "charts.subscribe": () => {
    setImmediate(() => notify("charts.recorded", { entries: [] }));
    return { startedAt: Date.now() };
  },
  "charts.unsubscribe": () => null,
  "devices.list": () => devices,
  "call.start": start,
  "call.accept": accept,
  "call.reject": ({ callId }) => end(callId, "rejected", "local"),
  "call.hangup": ({ callId }) => {
    const isConnected = calls.get(callId)?.connectedAt !== undefined;
    return end(callId, isConnected ? "hungUp" : "cancelled", "local", isConnected ? 65_000 : 0);
  },
  "call.setMicrophone": ({ callId, on }) =>
    wanted(callId, { microphone: on })
      ? null
      : local(callId, { microphone: { state: on ? "live" : "muted" } }),
  "call.setCamera": ({ callId, on }) =>
    wanted(callId, { camera: on })
      ? null
      : local(callId, { camera: on ? { state: "live", deviceId: "usb-cam" } : off }),
  "call.useDevice": useDevice,
  "screen.sources": () => screens,
  "call.shareScreen": shareScreen,
  "calls.missed": () => ({ missed }),
  "calls.seen": () => {
    showMissed(missed.map((one) => ({ ...one, unseen: 0 })));
    return null;
  },
  "preview.start": ({ camera, microphone }) => {
    const sound = "quiet" as const;
    const previewId = "preview-1";
    const ofCamera = camera ? { ...live, deviceId: "usb-cam", deviceName: "USB camera" } : off;
    const ofMicrophone = microphone ? { ...live, deviceId: "usb-mic", deviceName: "USB microphone" } : off;
    preview = { previewId, camera: ofCamera, microphone: ofMicrophone, sound };
    notify("preview.changed", preview);
    return { previewId };
  },
  "preview.hearYourself": () => play("recording"),
  "preview.testSound": () => play("testSound"),
  "preview.stop": () => {
    endPreview("stopped");
    return null;
  },
  "call.stats": () => {
    throw new RequestRefused(1101, "unknownCall");
  },
  "call.list": () => ({ calls: [...calls.values()] }),
  "call.snapshot": snapshot,
  "frames.subscribe": subscribe,
  "frames.unsubscribe": ({ stream }) => {
    if (!streams.delete(stream)) throw new RequestRefused(1301, "unknownStream");
    return null;
  },
};

function run(step: ScriptStep): void {
  if (step.do === "call") {
    calls.set(step.call.callId, step.call);
    notify(step.isIncoming ? "call.incoming" : "call.changed", step.call);
  } else if (step.do === "change") {
    update(step.callId, step.change);
  } else if (step.do === "end") {
    const { do: _, callId, reason, endedBy, durationMs, ...extra } = step;
    end(callId, reason, endedBy, durationMs, extra);
  } else if (step.do === "contacts") {
    contacts = step.contacts;
    notify("contacts.changed", { contacts });
  } else if (step.do === "missed") {
    showMissed(step.missed);
  } else if (step.do === "availability") {
    notify("availability.changed", step.availability);
  } else if (step.do === "statistics") {
    notify("call.statistics", step.statistics);
  } else if (step.do === "levels") {
    const { do: _, ...levels } = step;
    notify("call.levels", levels);
  } else if (step.do === "preview") {
    changePreview(step.change);
  } else if (step.do === "previewLevel") {
    notify("preview.levels", { previewId: preview?.previewId ?? "", microphone: step.microphone });
  } else if (step.do === "previewEnd") {
    endPreview(step.reason);
  } else if (step.do === "pictureSize") {
    frameSize = { width: step.width, height: step.height };
  } else if (step.do === "screens") {
    screens = step.offer;
  } else if (step.do === "stillPictures") {
    areStill = true;
  } else if (step.do === "refuse") {
    refusals.set(step.method, new RequestRefused(step.code, step.kind));
  } else if (step.do === "hold") {
    heldMethod = step.method;
  } else if (step.do === "release") {
    heldMethod = undefined;
    for (const respond of held.splice(0)) respond();
  } else {
    process.stderr.write(`${step.words}\n`, () => process.exit(step.status));
  }
}

function notifyAvailability(): void {
  const why = "You switched calls off. Switch them on again in the settings.";
  const off = { videoDisabled: true, cause: "user", why };
  notify("availability.changed", settings.videoDisabled ? off : { videoDisabled: false });
}

function initialized(): void {
  notifyAvailability();
  const addresses = [`/ip4/127.0.0.1/tcp/4001/p2p/${SELF}`, `/ip4/192.168.1.20/tcp/4001/p2p/${SELF}`];
  notify("signalling.changed", { state: "ready", peerId: SELF, addresses });
}

function acknowledge({ stream, seq }: HostNotificationParams<"frames.ack">): void {
  const state = streams.get(stream);
  if (state) state.acked = Math.max(state.acked, seq);
}

function isScreen({ callId, source }: { callId: string; source: "local" | "remote" }): boolean {
  const call = calls.get(callId);
  return source === "remote" ? call?.remote.screen === true : call?.local.screen?.state === "live";
}

function sendFrames(): void {
  for (const [stream, state] of streams) {
    if (state.seq - state.acked >= state.credit || (areStill && state.seq > 0)) continue;
    state.seq += 1;
    const line = isScreen(state)
      ? scriptedScreenLine(stream, state.seq, state.maxWidth)
      : scriptedFrameLine(stream, state.seq, state.source, frameSize);
    process.stdout.write(`${line}\n`);
  }
}

function receiveNotification(method: string, params: unknown): void {
  if (method === "initialized") initialized();
  else if (method === "exit") process.exit(0);
  else if (method === "frames.ack") acknowledge(hostNotifications["frames.ack"].params.parse(params));
  else if (method === "script") run(params as ScriptStep);
}

function answer<M extends MethodName>(method: M, params: unknown): Result<M> {
  const refusal = refusals.get(method);
  refusals.delete(method);
  if (refusal) throw refusal;
  const checked = methods[method].params.safeParse(params);
  if (!checked.success) throw new RequestRefused(-32602, "invalidParams", issuesOf(checked.error, params));
  return handlers[method](checked.data as Params<M>);
}

/** Every request is repeated on stderr, so that a test can await what the page asked for. */
function receive(line: string): void {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined) {
    receiveNotification(method, params);
    return;
  }
  process.stderr.write(`${REQUEST_LINE_PREFIX}${method} ${JSON.stringify(params)}\n`);
  if (method === heldMethod) held.push(() => respond(id, method, params));
  else respond(id, method, params);
}

function respond(id: unknown, method: MethodName, params: unknown): void {
  try {
    write({ id, result: answer(method, params) });
  } catch (error) {
    const { code, kind, issues } =
      error instanceof RequestRefused ? error : new RequestRefused(-32603, String(error));
    const data = issues.length > 0 ? { name: kind, issues } : { name: kind };
    write({ id, error: { code, message: kind, data } });
  }
}

createInterface({ input: process.stdin })
  .on("line", receive)
  .on("close", () => process.exit(0));
setInterval(sendFrames, FRAME_INTERVAL_MS);
