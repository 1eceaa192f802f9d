// The call manager's chart with its effects. Here the charts meet the engines.

import { type Actor, type ActorOptions, createActor } from "xstate";
import type { MediaKind } from "../../rpc-schema/index.ts";
import {
  adaptMachine,
  callMachine,
  callManagerMachine,
  type EndedCall,
  linkMachine,
  type ManagedCall,
  mediaMachine,
  requestedMedia,
} from "../../statecharts/index.ts";
import { createAdaptEffects } from "./effects/adapt-effects.ts";
import { createDeviceEffects } from "./effects/device-effects.ts";
import { createPeerEffects } from "./effects/peer-effects.ts";
import { createSignalEffects } from "./effects/signal-effects.ts";
import type { CallEnvironment } from "./environment.ts";
import { liveSettingsChange } from "./settings-change.ts";

export type CallManager = Actor<typeof callManagerMachine>;

export interface BusyCall {
  readonly callId: string;
  readonly peerId: string;
  readonly media: MediaKind;
}

export interface CallManagerCallbacks {
  onCall(call: ManagedCall): void;
  /** Runs once for each call, before its media are released. */
  onEnd(ended: EndedCall): void;
  /** A peer called during another call, and was refused as busy. Also runs for repetitions of the request. */
  onBusy?(call: BusyCall): void;
  /** A chart has changed. Runs often, so the receiver should batch its work. */
  onStateChange(): void;
}

/**
 * Creates the call manager, not yet started. It follows the settings for as long as it lives.
 * @param options.clock for every delay of the charts; the system's unless given
 */
export function createCallManager(
  environment: CallEnvironment,
  callbacks: CallManagerCallbacks,
  options: Pick<ActorOptions<typeof callManagerMachine>, "clock"> = {},
): CallManager {
  const { settings, ringBudget, onRefused } = environment;
  const signals = createSignalEffects(environment);
  const machine = callManagerMachine.provide({
    actors: { call: provideCall(environment, signals) },
    actions: {
      notifyHostOfCall: (_, params) => {
        if (params.call) callbacks.onCall(params.call);
      },
      notifyHostOfEnd: (_, params) => {
        callbacks.onEnd(params);
        environment.endCall(params.callId);
      },
      refuse({ event }, params) {
        signals.refuse(params);
        if (params.reason !== "busy" || event.type !== "signal.received") return;
        const { callId, from, signal } = event;
        if (signal.type !== "call-request") return;
        callbacks.onBusy?.({ callId, peerId: from, media: requestedMedia(signal) });
      },
    },
    guards: {
      ringsTooOften: (_, { from, signal }) => {
        const isTooOften = signal.type === "call-request" && !ringBudget.allows(from);
        if (isTooOften) onRefused("ring");
        return isTooOften;
      },
    },
  });
  const manager = createActor(machine, {
    ...options,
    input: { timeouts: settings.get().timeouts },
    inspect: (event) => {
      if (event.type === "@xstate.snapshot") callbacks.onStateChange();
    },
  });
  const unsubscribe = settings.subscribe((now, last) => {
    manager.send({
      type: "settings.changed",
      timeouts: now.timeouts,
      change: liveSettingsChange(last, now),
    });
  });
  manager.subscribe({ complete: unsubscribe });
  return manager;
}

function provideCall(environment: CallEnvironment, signals: ReturnType<typeof createSignalEffects>) {
  const { addRemoteCandidate, acceptCheck, ...connection } = createPeerEffects(environment, {
    onVideoRefusalChange: signals.resendMediaState,
    sendCheck: signals.sendCheck,
  });
  const link = linkMachine.provide({
    actors: {
      ...connection,
      sendAccept: signals.sendAccept,
      sendOffer: signals.sendOffer,
      sendAnswer: signals.sendAnswer,
      sendReconnect: signals.sendReconnect,
      sendReconnectAck: signals.sendReconnectAck,
    },
    actions: {
      addRemoteCandidate: (_, params) => addRemoteCandidate(params),
      sendLocalCandidate: (_, params) => signals.sendLocalCandidate(params),
    },
  });
  const media = mediaMachine.provide({
    actors: createDeviceEffects(environment),
    actions: { sendMediaState: (_, params) => signals.sendMediaState(params) },
  });
  const { measure, apply } = createAdaptEffects(environment);
  const adapt = adaptMachine.provide({
    actors: { measure },
    actions: { apply: (_, params) => apply(params) },
  });
  return callMachine.provide({
    actors: { link, media, adapt, sendRequest: signals.sendRequest, sendHangup: signals.sendHangup },
    actions: {
      sendRinging: (_, params) => signals.sendRinging(params),
      answerHangup: (_, params) => signals.answerHangup(params),
      acceptCheck: (_, params) => acceptCheck(params),
    },
  });
}
