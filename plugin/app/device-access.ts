// Finds the camera and microphone nodes that this user may not open, and the command that grants access. Opens no device.

import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ClosedNodes } from "../../statecharts/index.ts";
import { userName } from "../common/user-name.ts";

/** Video nodes, and the capture nodes of sound cards: ALSA's pcmC<card>D<device>c. */
const VIDEO = /^video\d+$/;
const FOLDERS: readonly [string, RegExp][] = [
  [".", VIDEO],
  ["snd", /^pcmC\d+D\d+c$/],
];

const ROOT_GID = 0;

/** The part of the machine that is inspected. Tests supply their own. */
export interface AccessView {
  /** The folder of the device nodes. */
  readonly directory: string;
  /** group(5). */
  readonly groupFile: string;
  readonly user: string;
  /** access(2) for reading and writing. */
  canOpen(path: string): boolean;
  /** The id of the group that owns the node; null when the node no longer exists. */
  gidOf(path: string): number | null;
  /** False for a video node that is no camera, such as one for metadata. */
  isCamera(path: string): boolean;
}

/** @param isCamera reads what the system knows of a video node */
export function systemAccess(isCamera: (path: string) => boolean): AccessView {
  return { directory: "/dev", groupFile: "/etc/group", user: userName(), canOpen, gidOf, isCamera };
}

/** The remedy is empty when no node is closed. */
export function closedNodes(view: AccessView): ClosedNodes {
  const paths = FOLDERS.flatMap(([folder, names]) =>
    namesIn(join(view.directory, folder))
      .filter((name) => names.test(name))
      .map((name) => join(view.directory, folder, name)),
  ).filter((path) => !view.canOpen(path) && (!VIDEO.test(basename(path)) || view.isCamera(path)));
  const [first] = paths;
  return { paths, remedy: first === undefined ? "" : remedyFor(view, first) };
}

/** On most systems the nodes belong to a group, `video` or `audio`. */
function remedyFor({ groupFile, user, gidOf }: AccessView, path: string): string {
  const group = groupWith(groupFile, gidOf(path));
  if (group === null) return `Give yourself the permission: sudo chmod o+rw ${path}`;
  // A membership that was granted after the login is in the file, but not yet in the process.
  if (group.members.includes(user)) {
    return `Log out and in again: you became a member of the group ${group.name} after your login.`;
  }
  return `Become a member of its group, then log out and in again: sudo usermod -aG ${group.name} ${user}`;
}

/** Null for root's group, which users should not join, and for an unknown group. */
function groupWith(groupFile: string, gid: number | null): { name: string; members: string[] } | null {
  if (gid === null || gid === ROOT_GID) return null;
  for (const line of linesOf(groupFile)) {
    const [name = "", , id = "", members = ""] = line.split(":");
    if (id !== "" && Number(id) === gid) return { name, members: members.split(",") };
  }
  return null;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return []; // without a list of groups the general remedy applies
  }
}

function gidOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.gid ?? null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // a machine without sound cards has no /dev/snd
  }
}

function canOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
