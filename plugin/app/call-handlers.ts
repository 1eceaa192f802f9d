// The handlers of `call.*`, `preview.*`, `devices.list`, `screen.sources` and `frames.*`. A request that the state allows becomes an event of a chart.

import { randomUUID } from "node:crypto";
import {
  type CallMethodName,
  type Device,
  type DeviceKind,
  type DeviceList,
  fittingCall,
  fittingPhases,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import {
  callWith,
  type ManagedCall,
  refusalHere,
  startRefusal,
  type UserCallEvent,
  type UserMediaEvent,
} from "../../statecharts/index.ts";
import { phaseOf } from "../calls/call-info.ts";
import type { Cameras } from "../camera/camera.ts";
import type { Frames } from "../frames/frames.ts";
import type { Handlers } from "../rpc/dispatcher.ts";
import type { Screens } from "../screen/screens.ts";
import type { AvailabilityService } from "./availability-service.ts";
import { type CallService, isBegun } from "./call-service.ts";
import type { WhileServing } from "./life-handlers.ts";
import type { Session } from "./session.ts";
import { type SignallingService, unavailable } from "./signalling-service.ts";

export interface CallHandlerParts {
  readonly session: Pick<Session, "mode">;
  readonly availability: Pick<AvailabilityService, "now">;
  readonly signalling: Pick<SignallingService, "contacts" | "whyFailed">;
  readonly calls: Pick<CallService, "manager" | "list" | "announce" | "statistics" | "previews">;
  readonly frames: Pick<Frames, "subscribe" | "unsubscribe" | "snapshot">;
  listDevices(): Promise<DeviceList>;
  readonly engines: {
    readonly cameras: Pick<Cameras, "list">;
    readonly screens: Pick<Screens, "offer">;
    whyNoRoom(): string | null;
  };
}

/** The media chart's event for each kind of device that call.useDevice takes. */
const USE_EVENTS = {
  camera: "user.useCamera",
  microphone: "user.useMicrophone",
  speaker: "user.useSpeaker",
} as const satisfies Record<DeviceKind, UserMediaEvent["type"]>;

type CallHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `call.${string}` | `frames.${string}` | "devices.list" | "screen.sources">
>;

export function createCallHandlers(parts: CallHandlerParts, whileServing: WhileServing): CallHandlers {
  const { calls, frames, listDevices } = parts;
  const forward = (method: CallMethodName, callId: string, event: UserCallEvent | UserMediaEvent) =>
    toCall(calls, method, callId, event);
  return {
    "devices.list": whileServing(() => listDevices()),
    "call.start": whileServing((params) => startCall(parts, params)),
    /** Opens devices, so it is refused in the same cases as a start. */
    "call.accept": whileServing(({ callId, media }) => {
      requireCalls(parts);
      return forward("call.accept", callId, { type: "user.accept", media: media ?? null });
    }),
    "call.reject": whileServing(({ callId, reason }) =>
      forward("call.reject", callId, { type: "user.reject", reason: reason ?? "rejected" }),
    ),
    "call.hangup": whileServing(({ callId }) => hangUp(calls, callId)),
    "call.setMicrophone": whileServing(({ callId, on }) =>
      forward("call.setMicrophone", callId, { type: "user.setMicrophone", on }),
    ),
    "call.setCamera": whileServing(({ callId, on }) =>
      forward("call.setCamera", callId, { type: "user.setCamera", on }),
    ),
    "call.useDevice": whileServing(async ({ callId, kind, deviceId }) => {
      callOf(calls, callId);
      // Sound devices may take seconds to list, so that choosing a camera must not wait for them.
      const { cameras } = parts.engines;
      const listed = kind === "camera" ? cameras.list() : (await listDevices())[`${kind}s`];
      requireDevice(listed, kind, deviceId);
      return forward("call.useDevice", callId, { type: USE_EVENTS[kind], deviceId });
    }),
    "screen.sources": whileServing(() => screenSources(parts.engines.screens)),
    "call.shareScreen": whileServing(async ({ callId, on, source }) => {
      callOf(calls, callId);
      if (on) await requireScreen(parts.engines.screens, source);
      return forward("call.shareScreen", callId, { type: "user.shareScreen", on, source: source ?? null });
    }),
    "call.list": whileServing(() => ({ calls: calls.list() })),
    "call.stats": whileServing(({ callId }) => statisticsOf(calls, callId)),
    "call.snapshot": whileServing(({ callId, source }) => {
      callOf(calls, callId);
      return frames.snapshot(callId, source);
    }),
    "frames.subscribe": whileServing((params) => {
      if (params.callId !== calls.previews.currentId) callOf(calls, params.callId);
      return frames.subscribe(params);
    }),
    "frames.unsubscribe": whileServing(({ stream }) => {
      frames.unsubscribe(stream);
      return null;
    }),
  };
}

async function screenSources(screens: Pick<Screens, "offer">): Promise<Result<"screen.sources">> {
  const offer = await screens.offer();
  const sources = offer.chooser === "host" ? [...offer.sources] : [];
  return { chooser: offer.chooser, sources, ...(offer.chooser === "none" ? { why: offer.why } : {}) };
}

/** @throws RpcError noScreen or unknownScreen */
async function requireScreen(screens: Pick<Screens, "offer">, source: string | undefined): Promise<void> {
  const { chooser, sources, why } = await screenSources(screens);
  if (chooser === "none") throw new RpcError("noScreen", why ?? "nothing of the screen can be shared");
  if (chooser === "desktop" || sources.some(({ id }) => id === source)) return;
  throw new RpcError("unknownScreen", "no monitor or window has this id", {
    issues: [{ field: "source", value: JSON.stringify(source ?? null), expected: "an id of screen.sources" }],
  });
}

/** @throws RpcError callsInPage, callsDisabled or callsUnavailable, with the reason */
function requireCalls({ session, availability, engines }: CallHandlerParts): void {
  const refusal = refusalHere(session.mode, availability.now());
  if (refusal) throw new RpcError(refusal.kind, refusal.message);
  const noRoom = engines.whyNoRoom();
  if (noRoom !== null) throw new RpcError("callsUnavailable", noRoom);
}

/** The call manager's guard applies the same rule, so the event cannot be dropped. */
function startCall(parts: CallHandlerParts, { peerId, media }: Params<"call.start">): Result<"call.start"> {
  requireCalls(parts);
  const { manager } = parts.calls;
  const contact = parts.signalling.contacts().find((one) => one.peerId === peerId);
  const refusal = startRefusal(manager.getSnapshot().context, peerId, contact);
  if (refusal) {
    const { kind, message, issues } = refusal;
    if (kind === "signallingUnavailable") throw unavailable(parts.signalling.whyFailed());
    throw new RpcError(kind, message, issues && { issues });
  }
  const callId = randomUUID();
  manager.send({ type: "user.start", callId, peerId, media });
  return { callId };
}

type Calls = CallHandlerParts["calls"];

/**
 * A host that relays the signals knows a call before it is notified, and gets the notification now. Otherwise it would not
 * be notified of the end of a call that it had answered.
 * @throws RpcError unknownCall, also for a call that waits for another one, or that is only sending its hang-up
 */
function callOf({ manager, announce }: Pick<Calls, "manager" | "announce">, callId: string): ManagedCall {
  const call = callWith(manager.getSnapshot().context, callId);
  if (call?.isKnownToHost && !call.ref.getSnapshot().hasTag("ended")) {
    announce(callId);
    return call;
  }
  throw new RpcError("unknownCall", "there is no such call, or it is over", {
    issues: [{ field: "callId", value: JSON.stringify(callId), expected: "the id of a call in call.list" }],
  });
}

/** @throws RpcError unknownCall, or wrongCallState when the call's chart does not handle the event */
function toCall(
  calls: Calls,
  method: CallMethodName,
  callId: string,
  event: UserCallEvent | UserMediaEvent,
): null {
  const call = callOf(calls, callId);
  if (!call.ref.getSnapshot().can(event)) throw wrongCallState(method, call);
  calls.manager.send({ type: "user.toCall", callId, event });
  return null;
}

/** Names the phase of the call, and those that would fit. */
function wrongCallState(method: CallMethodName, { callId, direction, ref }: ManagedCall): RpcError {
  const phase = phaseOf(ref.getSnapshot());
  const expected = fittingCall(method);
  const article = direction === "incoming" ? "an incoming" : "an outgoing";
  const message = `${method} does not fit ${article} call in the phase ${phase}, only ${expected}`;
  return new RpcError("wrongCallState", message, {
    issues: [
      { field: "callId", value: JSON.stringify(callId), expected },
      { field: "phase", value: JSON.stringify(phase), expected: fittingPhases[method].phases.join(" or ") },
    ],
  });
}

/** Does not check the state as `toCall` does, because a hang-up fits every phase. */
function hangUp(calls: Calls, callId: string): null {
  callOf(calls, callId);
  calls.manager.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  return null;
}

/** @throws RpcError unknownCall, or wrongCallState before the first measurement */
function statisticsOf(calls: Calls, callId: string): Result<"call.stats"> {
  const call = callOf(calls, callId);
  const statistics = calls.statistics(callId);
  if (statistics) return statistics;
  if (fittingPhases["call.stats"].phases.some((phase) => phase === phaseOf(call.ref.getSnapshot()))) {
    throw new RpcError("wrongCallState", "statistics begin a second after the call is connected", {
      issues: [{ field: "callId", value: JSON.stringify(callId), expected: "a call a second later" }],
    });
  }
  throw wrongCallState("call.stats", call);
}

/** `auto` is a valid choice although no device has this id. @throws RpcError unknownDevice */
function requireDevice(devices: readonly Device[], kind: DeviceKind, deviceId: string): void {
  const choices = ["auto", ...devices.map(({ id }) => id)];
  if (choices.includes(deviceId)) return;
  throw new RpcError("unknownDevice", `there is no ${kind} with this id`, {
    issues: [
      { field: "deviceId", value: JSON.stringify(deviceId), expected: `one of ${choices.join(", ")}` },
    ],
  });
}

type PreviewHandlers = Pick<Handlers, Extract<keyof Handlers, `preview.${string}`>>;

export function createPreviewHandlers(parts: CallHandlerParts, whileServing: WhileServing): PreviewHandlers {
  const { previews, manager } = parts.calls;
  const play = (what: "hearYourself" | "testSound", needs: string) =>
    whileServing(() => {
      if (previews.play(what)) return null;
      throw new RpcError("noPreview", `preview.${what} needs ${needs}`);
    });
  return {
    /** Opens devices, so it is refused in the same cases as a call. */
    "preview.start": whileServing((wanted) => {
      requireCalls(parts);
      if (Object.values(manager.getSnapshot().context.calls).some(isBegun)) {
        throw new RpcError("alreadyInCall", "a call uses the devices, so there is no preview");
      }
      return { previewId: previews.start(wanted) };
    }),
    "preview.hearYourself": play(
      "hearYourself",
      "a preview with an open microphone that records and plays nothing",
    ),
    "preview.testSound": play("testSound", "a preview that records and plays nothing"),
    "preview.stop": whileServing(() => {
      previews.end("stopped");
      return null;
    }),
  };
}
