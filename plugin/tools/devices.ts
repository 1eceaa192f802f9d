// `goop-call-plugin devices`: lists cameras with their modes, microphones and speakers. Opens no device.

import type { CameraMode } from "../../native/types.ts";
import type { Device } from "../../rpc-schema/index.ts";
import { listDevices } from "../calls/device-monitor.ts";
import type { Cameras } from "../camera/camera.ts";
import type { Sound, SoundDevices } from "../sound/sound.ts";

interface CameraWithModes extends Device {
  readonly modes: readonly CameraMode[];
}

export interface DeviceTable extends SoundDevices {
  readonly cameras: readonly CameraWithModes[];
}

/** The ids are those that settings and `capture-test` accept. A camera without permission has no modes. */
export async function listDevicesWithModes(cameras: Cameras, sound: Sound): Promise<DeviceTable> {
  const listed = await listDevices({ cameras, sound });
  const withModes = listed.cameras.map((camera) => ({ ...camera, modes: cameras.modesOf(camera.id) }));
  return { ...listed, cameras: withModes };
}

/** One line for each device, and below a camera one for each format and size. */
export function describeDevices({ cameras, microphones, speakers }: DeviceTable): string {
  const cameraLines = cameras.flatMap((camera) => [
    ...describe([camera]),
    ...describeModes(camera.modes).map((line) => `      ${line}`),
  ]);
  const parts = [
    ["Cameras", ...cameraLines],
    ["Microphones", ...describe(microphones)],
    ["Speakers", ...describe(speakers)],
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** A star marks the device that `auto` selects. */
function describe(devices: readonly Device[]): string[] {
  return devices.map((device) => {
    const remarks = remarksOn(device);
    const suffix = remarks.length === 0 ? "" : `  (${remarks.join(", ")})`;
    return `  ${device.isDefault ? "*" : " "} ${device.name}  [${device.id}]${suffix}`;
  });
}

/** What a user should know before choosing a device. */
function remarksOn({ kind, port, isMuted, volume, problem }: Device): string[] {
  return [
    ...(problem === "permission" ? ["you may not open it"] : []),
    ...(problem === "format" ? ["offers nothing that can be shown"] : []),
    ...(kind === "monitor" ? ["repeats the sound of this computer"] : []),
    ...(kind === "null" ? ["no real device"] : []),
    ...(port === undefined ? [] : [portText(port)]),
    ...(isMuted ? ["muted"] : []),
    ...(volume === undefined || isMuted ? [] : [`volume ${volume} %`]),
  ];
}

function portText({ name, available }: NonNullable<Device["port"]>): string {
  if (available === "unknown") return name;
  return `${name} ${available === "yes" ? "plugged in" : "not plugged in"}`;
}

/** One line for each format and size, as `MJPG 1280x720 at 30, 15 fps`. */
function describeModes(modes: readonly CameraMode[]): string[] {
  const rates = new Map<string, number[]>();
  for (const { fourcc, width, height, fps } of modes) {
    const key = `${fourcc} ${width}x${height}`;
    rates.set(key, [...(rates.get(key) ?? []), Math.round(fps * 100) / 100]);
  }
  return [...rates].map(([key, all]) => `${key} at ${all.sort((a, b) => b - a).join(", ")} fps`);
}
