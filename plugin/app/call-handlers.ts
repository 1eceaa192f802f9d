// The handlers of `call.*`, `devices.list` and `frames.*`: what the moment allows becomes an event of a chart.

import { randomUUID } from "node:crypto";
import {
  type DeviceKind,
  type DeviceList,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import {
  type CallManagerEvent,
  callWith,
  type ManagedCall,
  refusalHere,
  refusalThere,
  type UserCallEvent,
  type UserMediaEvent,
} from "../../statecharts/index.ts";
import type { Handlers } from "../rpc/dispatcher.ts";
import type { Plugin } from "./plugin.ts";

/** The media chart's event for each kind that call.useDevice takes. */
const USE_EVENTS = {
  camera: "user.useCamera",
  microphone: "user.useMicrophone",
  speaker: "user.useSpeaker",
} as const satisfies Record<DeviceKind, UserMediaEvent["type"]>;

type CallHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `call.${string}` | `frames.${string}` | "devices.list">
>;
/** Asks whether the plugin serves at present, before the handler is called. */
export type Serving = <P, R>(handler: (params: P) => R) => (params: P) => R;

export function createCallHandlers(plugin: Plugin, serving: Serving): CallHandlers {
  const { frames, reporter } = plugin;
  return {
    "devices.list": serving(() => listDevices(plugin)),
    "call.start": serving((params) => startCall(plugin, params)),
    /** Its media opens with the accept, so this refuses where no call could have been started. */
    "call.accept": serving(({ callId, media }) => {
      requireCalls(plugin);
      return toCall(plugin, callId, { type: "user.accept", media: media ?? null });
    }),
    "call.reject": serving(({ callId, reason }) =>
      toCall(plugin, callId, { type: "user.reject", reason: reason ?? "rejected" }),
    ),
    "call.hangup": serving(({ callId }) => hangUp(plugin, callId)),
    "call.setMicrophone": serving(({ callId, on }) =>
      toCall(plugin, callId, { type: "user.setMicrophone", on }),
    ),
    "call.setCamera": serving(({ callId, on }) => toCall(plugin, callId, { type: "user.setCamera", on })),
    "call.useDevice": serving(async ({ callId, kind, deviceId }) => {
      callOf(plugin, callId);
      requireDevice(await listDevices(plugin), kind, deviceId);
      return toCall(plugin, callId, { type: USE_EVENTS[kind], deviceId });
    }),
    "call.list": serving(() => ({ calls: reporter.list() })),
    "call.stats": serving(({ callId }) => statisticsOf(plugin, callId)),
    "call.snapshot": serving(({ callId, source }) => {
      callOf(plugin, callId);
      return frames.snapshot(callId, source);
    }),
    "frames.subscribe": serving((params) => {
      callOf(plugin, params.callId);
      return frames.subscribe(params);
    }),
    "frames.unsubscribe": serving(({ stream }) => {
      frames.unsubscribe(stream);
      return null;
    }),
  };
}

/** @throws RpcError callsInPage, callsDisabled or callsUnavailable, with the reason */
function requireCalls({ mode, availability }: Plugin): void {
  const refusal = refusalHere(mode, availability.now());
  if (refusal) throw new RpcError(refusal.kind, refusal.message);
}

function startCall(plugin: Plugin, { peerId, media }: Params<"call.start">): Result<"call.start"> {
  requireCalls(plugin);
  const self = plugin.signalling.self();
  if (!self) throw new RpcError("signallingUnavailable", "signalling is not ready yet");
  if (peerId === self.peerId) {
    const issue = { field: "peerId", value: JSON.stringify(peerId), expected: "another peer than oneself" };
    throw new RpcError("invalidPeer", "nobody can call themselves", { issues: [issue] });
  }
  const refusal = refusalThere(plugin.signalling.contacts().find((contact) => contact.peerId === peerId));
  if (refusal) throw new RpcError(refusal.kind, refusal.message);
  const start: CallManagerEvent = { type: "user.start", callId: randomUUID(), peerId, media };
  if (!plugin.callManager.getSnapshot().can(start)) {
    throw new RpcError("alreadyInCall", "one call at a time; end the present one first");
  }
  plugin.callManager.send(start);
  return { callId: start.callId };
}

/** @throws RpcError unknownCall; one that only still says goodbye counts as over */
function callOf({ callManager }: Plugin, callId: string): ManagedCall {
  const call = callWith(callManager.getSnapshot().context, callId);
  if (call && !call.ref.getSnapshot().hasTag("ended")) return call;
  throw new RpcError("unknownCall", "there is no such call, or it is over", {
    issues: [{ field: "callId", value: JSON.stringify(callId), expected: "the id of a call in call.list" }],
  });
}

/** @throws RpcError unknownCall, or wrongCallState where the call's chart has no use for the event */
function toCall(plugin: Plugin, callId: string, event: UserCallEvent | UserMediaEvent): null {
  const snapshot = callOf(plugin, callId).ref.getSnapshot();
  if (!snapshot.can(event)) {
    const state = JSON.stringify(snapshot.value);
    throw new RpcError("wrongCallState", `${event.type} does not fit a call that is ${state}`, {
      issues: [{ field: "callId", value: JSON.stringify(callId), expected: "a call in another phase" }],
    });
  }
  plugin.callManager.send({ type: "user.toCall", callId, event });
  return null;
}

/** Not by `toCall`, since a hang-up fits every phase. */
function hangUp(plugin: Plugin, callId: string): null {
  callOf(plugin, callId);
  plugin.callManager.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  return null;
}

/** @throws RpcError unknownCall, or wrongCallState before the first measurement */
function statisticsOf(plugin: Plugin, callId: string): Result<"call.stats"> {
  callOf(plugin, callId);
  const statistics = plugin.reporter.statistics(callId);
  if (statistics) return statistics;
  throw new RpcError("wrongCallState", "statistics begin a second after the call is connected", {
    issues: [{ field: "callId", value: JSON.stringify(callId), expected: "a connected call" }],
  });
}

/** What the machine has now; opens no device. Where the page calls, devices are the page's. */
export async function listDevices({ engines, mode }: Plugin): Promise<DeviceList> {
  if (mode === "browser") return { cameras: [], microphones: [], speakers: [] };
  const { microphones, speakers } = await engines.sound.list();
  return { cameras: engines.cameras.list(), microphones, speakers };
}

/** "auto" is a choice too, although no device has it as its id. @throws RpcError unknownDevice */
function requireDevice(devices: DeviceList, kind: DeviceKind, deviceId: string): void {
  const choices = devices[`${kind}s`].map(({ id }) => id);
  if (deviceId === "auto" || choices.includes(deviceId)) return;
  throw new RpcError("unknownDevice", `there is no ${kind} with this id`, {
    issues: [
      { field: "deviceId", value: JSON.stringify(deviceId), expected: `one of ${choices.join(", ")}` },
    ],
  });
}
