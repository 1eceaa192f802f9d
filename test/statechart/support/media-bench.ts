// The media chart alone. The test opens its devices, makes them fail, and changes the list of devices.

import assert from "node:assert/strict";
import { type AnyActorRef, createActor, fromCallback, SimulatedClock } from "xstate";
import type { Device, DeviceKind, DeviceList, MediaKind } from "../../../rpc-schema/index.ts";
import type { MediaEvent, VideoRequest } from "../../../statecharts/index.ts";
import { type Activity, chartsWith, Effects } from "./effects.ts";

export class MediaBench {
  readonly effects = new Effects();
  readonly clock = new SimulatedClock();
  /** What the chart sent to its call. */
  readonly reports: VideoRequest[] = [];
  readonly actor;

  constructor(media: MediaKind = "video") {
    // The chart reports to its call, and has the clock of its call.
    const parent = createActor(
      fromCallback<VideoRequest>(({ receive }) => receive((event) => this.reports.push(event))),
      { clock: this.clock },
    );
    this.actor = createActor(chartsWith(this.effects).media, {
      parent: parent.start(),
      input: { callId: "call-1", peerId: "bob", media, resumed: null },
    }).start();
  }

  get context() {
    return this.actor.getSnapshot().context;
  }

  /** State of each device, such as "open.live". */
  state(kind: DeviceKind): string {
    const value = this.actor.getSnapshot().value[kind];
    return typeof value === "string" ? value : Object.entries(value).flat().join(".");
  }

  /** As the end of its call does it. */
  stop(): void {
    const chart: AnyActorRef = this.actor;
    chart.send({ type: "xstate.stop" });
  }

  send(event: MediaEvent): void {
    this.actor.send(event);
  }

  activity(kind: DeviceKind): Activity {
    return this.effects.running(kind)[0] ?? assert.fail(`${kind} is not open`);
  }

  openDevice(kind: DeviceKind, deviceId = `${kind}-1`): void {
    const type = `device.${kind}Opened` as const;
    this.activity(kind).send({ type, deviceId, deviceName: `Device ${deviceId}` });
  }

  loseDevice(kind: DeviceKind, why = "unplugged"): void {
    this.activity(kind).send({ type: `device.${kind}Lost`, why });
  }

  /** The sent media states, as "microphone camera". */
  sentMediaStates(): string[] {
    return this.effects.inputs("sendMediaState").map((input) => {
      const { microphone, camera } = input as { microphone: boolean; camera: boolean };
      return `${microphone ? "on" : "off"} ${camera ? "on" : "off"}`;
    });
  }

  /** Sets the list of devices by id, with the default first. */
  setDevices(
    ids: Partial<Record<DeviceKind, string[]>>,
    {
      whenDeviceReturns = "take" as "take" | "offer",
      preferred = {} as Partial<Record<DeviceKind, string>>,
      /** Further fields of the devices with these ids. */
      more = {} as Readonly<Record<string, Partial<Device>>>,
    } = {},
  ): void {
    const of = (kind: DeviceKind): Device[] =>
      (ids[kind] ?? [`${kind}-1`]).map((id, index) => ({
        id,
        name: `Device ${id}`,
        isDefault: index === 0,
        ...more[id],
      }));
    const devices: DeviceList = {
      cameras: [...of("camera"), { id: "test-pattern", name: "Test pattern", isDefault: false }],
      microphones: [...of("microphone"), { id: "tone", name: "Test tone", isDefault: false }],
      speakers: of("speaker"),
    };
    this.effects.running("deviceList")[0]?.send({
      type: "devices.changed",
      devices,
      preferred: { camera: "auto", microphone: "auto", speaker: "auto", ...preferred },
      whenDeviceReturns,
    });
  }

  offered(kind: DeviceKind): string | undefined {
    return this.context[kind].offered?.deviceId;
  }

  /** The last sent media level and its reason. */
  lastMediaLevel(): unknown[] {
    const { mediaLevel, mediaLevelReason } = this.effects.inputs("sendMediaState").at(-1) as {
      mediaLevel: string;
      mediaLevelReason: string | null;
    };
    return [mediaLevel, mediaLevelReason];
  }

  choices(kind: DeviceKind): unknown[] {
    return this.effects.inputs(kind).map((input) => (input as { choice: string | null }).choice);
  }
}

/** A call whose devices are all open. */
export function live(media?: MediaKind): MediaBench {
  const bench = new MediaBench(media);
  for (const kind of ["microphone", "speaker"] as const) bench.openDevice(kind);
  if (media !== "audio") bench.openDevice("camera");
  return bench;
}
