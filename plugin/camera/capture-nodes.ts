// Finds out whether a video node captures without opening it, for nodes that this user may not open. A camera has further nodes,
// for metadata or output, that are no cameras.

import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** @returns the text of a file of the system; null when it cannot be read */
export type ReadSystemFile = (path: string) => string | null;

/** udev's v4l_id writes what each node can do, such as `:capture:`, and `:` for a node of metadata. */
const CAPABILITIES = /^E:ID_V4L_CAPABILITIES=(.*)$/m;
const CAPTURE = ":capture:";

/**
 * Reads udev's data of the node (/run/udev/data/c<major>:<minor>). Without udev it reads the kernel's index among the nodes
 * of one device: drivers register the capture node first (Documentation/ABI/stable/sysfs-class-video4linux is silent on
 * this; uvcvideo and vivid do so).
 * @param path such as /dev/video0
 * @returns true also where neither is known
 */
export function mayCapture(path: string, readFile: ReadSystemFile = readSystemFile): boolean {
  const node = `/sys/class/video4linux/${basename(path)}`;
  const number = readFile(`${node}/dev`)?.trim();
  const udev = number ? readFile(`/run/udev/data/c${number}`) : null;
  const capabilities = CAPABILITIES.exec(udev ?? "")?.[1];
  if (capabilities !== undefined) return capabilities.includes(CAPTURE);
  const index = readFile(`${node}/index`)?.trim();
  return index === undefined || index === "0";
}

function readSystemFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // the machine has no such node, or no udev
  }
}
