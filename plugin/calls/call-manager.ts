// The desk chart with its effects: the one place where the charts meet the engines.

import { type Actor, type ActorOptions, createActor } from "xstate";
import {
  adaptMachine,
  callMachine,
  callManagerMachine,
  type EndedCall,
  linkMachine,
  type ManagedCall,
  mediaMachine,
} from "../../statecharts/index.ts";
import { createAdaptEffects } from "./effects/adapt-effects.ts";
import { createDeviceEffects } from "./effects/device-effects.ts";
import { createPeerEffects } from "./effects/peer-effects.ts";
import { createSignalEffects } from "./effects/signal-effects.ts";
import type { CallEnvironment } from "./environment.ts";

export type CallManager = Actor<typeof callManagerMachine>;

export interface CallManagerCallbacks {
  onCall(call: ManagedCall): void;
  /** Comes once for each call, before its media are forgotten. */
  onEnd(ended: EndedCall): void;
  /** Some chart of some call moved. Comes often; the receiver gathers. */
  onStateChange(): void;
}

/**
 * Makes the desk and its calls, not yet started.
 * @param options.clock for every wait of the charts; the system's unless given
 */
export function createCallManager(
  context: CallEnvironment,
  callbacks: CallManagerCallbacks,
  options: Pick<ActorOptions<typeof callManagerMachine>, "clock"> = {},
): CallManager {
  const signals = createSignalEffects(context);
  const { addRemoteCandidate, ...connection } = createPeerEffects(context);

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
    actors: createDeviceEffects(context),
    actions: { sendMediaState: (_, params) => signals.sendMediaState(params) },
  });
  const { measure, apply } = createAdaptEffects(context);
  const adapt = adaptMachine.provide({
    actors: { measure },
    actions: { apply: (_, params) => apply(params) },
  });
  const call = callMachine.provide({
    actors: { link, media, adapt, sendRequest: signals.sendRequest, sendHangup: signals.sendHangup },
    actions: { sendRinging: (_, params) => signals.sendRinging(params) },
  });
  const desk = callManagerMachine.provide({
    actors: { call },
    actions: {
      notifyHostOfCall: (_, params) => {
        if (params.call) callbacks.onCall(params.call);
      },
      notifyHostOfEnd: (_, params) => {
        callbacks.onEnd(params);
        context.endCall(params.callId);
      },
      refuse: (_, params) => signals.refuse(params),
    },
    guards: {
      ringsTooOften: (_, { from, signal }) =>
        signal.type === "call-request" && !context.ringBudget.allows(from),
    },
  });
  return createActor(desk, {
    ...options,
    input: { timeouts: context.settings().timeouts },
    inspect: (event) => {
      if (event.type === "@xstate.snapshot") callbacks.onStateChange();
    },
  });
}
