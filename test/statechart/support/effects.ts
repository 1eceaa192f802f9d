// Test doubles for all effects of the charts. They record their input. Tasks complete at once, unless a test holds them or makes
// them fail. Activities (connection, devices) run until their chart stops them, and send the events of the test.

import { type AnyEventObject, fromCallback, fromPromise, type NonReducibleUnknown } from "xstate";
import {
  type AdaptEvent,
  type AdaptInput,
  type AppliedShare,
  adaptMachine,
  type CameraCommand,
  type CameraInput,
  type CandidateParams,
  type CheckParams,
  type ConnectionCommand,
  type ConnectionInput,
  callMachine,
  callManagerMachine,
  type DescriptionInput,
  type DeviceInput,
  type HangupInput,
  type LinkEvent,
  linkMachine,
  type MediaEvent,
  type MediaState,
  type MicrophoneCommand,
  mediaMachine,
  type OfferInput,
  type ReconnectInput,
  type RequestInput,
  type ScreenInput,
  type UseCommand,
} from "../../../statecharts/index.ts";
import type { CallAddress } from "../../../statecharts/link/model.ts";

export type TaskName =
  | "sendRequest"
  | "sendAccept"
  | "createOffer"
  | "answerOffer"
  | "acceptAnswer"
  | "sendOffer"
  | "sendAnswer"
  | "sendReconnect"
  | "sendReconnectAck"
  | "sendHangup";

export interface EffectRecord {
  readonly name: string;
  readonly input: unknown;
}

interface HeldTask {
  readonly name: TaskName;
  readonly signal: AbortSignal;
  readonly settled: PromiseWithResolvers<unknown>;
  readonly output: unknown;
}

export interface Activity {
  readonly name: string;
  readonly input: { readonly callId: string; readonly choice?: string | null; readonly direction?: string };
  /** Commands from the chart, such as mute or "use <id>". */
  readonly commands: string[];
  send(event: LinkEvent | MediaEvent | AdaptEvent): void;
}

export class Effects {
  /** Oldest first. */
  readonly records: EffectRecord[] = [];
  /** The running activities. */
  readonly activities: Activity[] = [];
  /** Peers that ring too often. */
  readonly tooFrequentCallers = new Set<string>();
  readonly #held = new Set<TaskName>();
  readonly #failing = new Map<TaskName, Error>();
  readonly #tasks: HeldTask[] = [];

  /** Keeps this task pending until `finish` or `break`. */
  hold(name: TaskName): void {
    this.#held.add(name);
  }

  /** Makes this task fail until `restore`. */
  fail(name: TaskName, message = `${name} fails on request`): void {
    this.#failing.set(name, new Error(message));
  }

  restore(name: TaskName): void {
    this.#failing.delete(name);
  }

  finish(name: TaskName): void {
    const task = this.#take(name);
    task.settled.resolve(task.output);
  }

  break(name: TaskName, message: string): void {
    this.#take(name).settled.reject(new Error(message));
  }

  /** @returns whether the chart aborted a held task */
  isAborted(name: TaskName): boolean {
    return this.#tasks.some((task) => task.name === name && task.signal.aborted);
  }

  inputs(name: string): unknown[] {
    return this.records.filter((record) => record.name === name).map(({ input }) => input);
  }

  count(name: string): number {
    return this.inputs(name).length;
  }

  running(name: string): Activity[] {
    return this.activities.filter((activity) => activity.name === name);
  }

  record(name: string, input: unknown): void {
    this.records.push({ name, input });
  }

  task<Output, Input extends NonReducibleUnknown>(
    name: TaskName,
    outputOf: (input: Input, times: number) => Output,
  ) {
    return fromPromise<Output, Input>(async ({ input, signal }) => {
      this.record(name, input);
      const output = outputOf(input, this.count(name));
      const failure = this.#failing.get(name);
      if (failure) throw failure;
      if (!this.#held.has(name)) return output;
      const settled = Promise.withResolvers<unknown>();
      this.#tasks.push({ name, signal, settled, output });
      return (await settled.promise) as Output;
    });
  }

  activity<Event extends AnyEventObject, Input extends Activity["input"]>(name: string) {
    return fromCallback<Event, Input>(({ input, sendBack, receive }) => {
      const commands: string[] = [];
      const activity: Activity = { name, input, commands, send: (event) => sendBack(event) };
      receive((event) => commands.push("choice" in event ? `${event.type} ${event.choice}` : event.type));
      this.record(name, input);
      this.activities.push(activity);
      return () => void this.activities.splice(this.activities.indexOf(activity), 1);
    });
  }

  #take(name: TaskName): HeldTask {
    const index = this.#tasks.findIndex((task) => task.name === name);
    const [task] = index < 0 ? [] : this.#tasks.splice(index, 1);
    if (!task) throw new Error(`no ${name} is open`);
    return task;
  }
}

const nothing = () => undefined;

function mediaWith(effects: Effects) {
  return mediaMachine.provide({
    actors: {
      camera: effects.activity<CameraCommand, CameraInput>("camera"),
      microphone: effects.activity<MicrophoneCommand, DeviceInput>("microphone"),
      speaker: effects.activity<UseCommand, DeviceInput>("speaker"),
      screen: effects.activity<{ type: "none" }, ScreenInput>("screen"),
      deviceList: effects.activity<{ type: "none" }, { callId: string }>("deviceList"),
    },
    actions: { sendMediaState: (_, params: MediaState) => effects.record("sendMediaState", params) },
  });
}

/** @returns the charts with these effects */
export function chartsWith(effects: Effects) {
  const link = linkMachine.provide({
    actors: {
      peerConnection: effects.activity<ConnectionCommand, ConnectionInput>("peerConnection"),
      sendAccept: effects.task<void, CallAddress>("sendAccept", nothing),
      createOffer: effects.task<string, OfferInput>("createOffer", (_, times) => `offer ${times}`),
      answerOffer: effects.task<string, DescriptionInput>("answerOffer", ({ sdp }) => `answer to ${sdp}`),
      acceptAnswer: effects.task<void, DescriptionInput>("acceptAnswer", nothing),
      sendOffer: effects.task<void, DescriptionInput>("sendOffer", nothing),
      sendAnswer: effects.task<void, DescriptionInput>("sendAnswer", nothing),
      sendReconnect: effects.task<void, ReconnectInput>("sendReconnect", nothing),
      sendReconnectAck: effects.task<void, CallAddress>("sendReconnectAck", nothing),
    },
    actions: {
      addRemoteCandidate: (_, params: CandidateParams) => effects.record("addRemoteCandidate", params),
      sendLocalCandidate: (_, params: CandidateParams) => effects.record("sendLocalCandidate", params),
    },
  });
  const media = mediaWith(effects);
  const adapt = adaptMachine.provide({
    actors: { measure: effects.activity<{ type: "none" }, AdaptInput>("measure") },
    actions: { apply: (_, params: AppliedShare) => effects.record("apply", params) },
  });
  const call = callMachine.provide({
    actors: {
      link,
      media,
      adapt,
      sendRequest: effects.task<void, RequestInput>("sendRequest", nothing),
      sendHangup: effects.task<void, HangupInput>("sendHangup", nothing),
    },
    actions: {
      sendRinging: (_, params: CallAddress) => effects.record("sendRinging", params),
      answerHangup: (_, params: HangupInput) => effects.record("answerHangup", params),
      acceptCheck: (_, params: CheckParams) => effects.record("acceptCheck", params),
    },
  });
  const manager = callManagerMachine.provide({
    actors: { call },
    actions: {
      notifyHostOfCall: (_, { call: announced }) =>
        effects.record("notifyHostOfCall", { callId: announced?.callId, direction: announced?.direction }),
      notifyHostOfEnd: (_, params) => effects.record("notifyHostOfEnd", params),
      refuse: (_, params: HangupInput) => effects.record("refuse", params),
    },
    guards: {
      ringsTooOften: (_, { from, signal }) =>
        signal.type === "call-request" && effects.tooFrequentCallers.has(from),
    },
  });
  return { link, media, adapt, call, manager };
}
