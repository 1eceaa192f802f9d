// What tells that a node of PipeWire and one of V4L2 are the same camera.

import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";

export interface DevicePlace {
  /** stat(2), st_rdev. Null if there is no such node. */
  readonly number: number | null;
  /**
   * Port, configuration, interface, vendor and product of a USB camera, such as `4:1.0-5986:2113`. libcamera's ids of webcams end so,
   * which tells them apart where PipeWire does not name the device's numbers. Null for other cameras.
   */
  readonly usb: string | null;
}

/** @param path such as /dev/video0 */
export function placeOf(path: string): DevicePlace {
  return { number: statSync(path, { throwIfNoEntry: false })?.rdev ?? null, usb: usbPlaceOf(path) };
}

/** Reads sysfs, where the node's device is the interface, such as …/usb1/1-4/1-4:1.0, inside the USB device. */
function usbPlaceOf(path: string): string | null {
  try {
    const usbInterface = realpathSync(`/sys/class/video4linux/${basename(path)}/device`);
    const read = (name: string) => readFileSync(`${dirname(usbInterface)}/${name}`, "utf8").trim();
    const place = /^\d+-([^:]+:.+)$/.exec(basename(usbInterface))?.[1];
    return place === undefined ? null : `${place}-${read("idVendor")}:${read("idProduct")}`;
  } catch {
    return null; // no such node, or no USB camera
  }
}
