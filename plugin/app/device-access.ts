// Which camera and microphone nodes are there but closed to this user, and the command that opens them. Opens none.
// What follows from it for calls is not known here.

import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { ClosedNodes } from "../../statecharts/index.ts";

/** Video nodes, and the capturing half of sound cards: pcmC<card>D<device>c of ALSA. */
const FOLDERS: readonly [string, RegExp][] = [
  [".", /^video\d+$/],
  ["snd", /^pcmC\d+D\d+c$/],
];

const ROOT_GID = 0;

/** The machine as a test may make it up. */
export interface AccessView {
  /** Where device nodes are. */
  readonly directory: string;
  /** group(5). */
  readonly groupFile: string;
  readonly user: string;
  /** access(2) for reading and writing. */
  canOpen(path: string): boolean;
  /** Of the group that owns it; null where the node has gone. */
  gidOf(path: string): number | null;
}

export function systemAccess(): AccessView {
  return { directory: "/dev", groupFile: "/etc/group", user: userInfo().username, canOpen, gidOf };
}

/** None closed has no remedy either. */
export function closedNodes(view: AccessView): ClosedNodes {
  const paths = FOLDERS.flatMap(([folder, names]) =>
    namesIn(join(view.directory, folder))
      .filter((name) => names.test(name))
      .map((name) => join(view.directory, folder, name)),
  ).filter((path) => !view.canOpen(path));
  const [first] = paths;
  return { paths, remedy: first === undefined ? "" : remedyFor(view, first) };
}

/** Nodes belong to a group nearly everywhere: `video`, `audio`. */
function remedyFor({ groupFile, user, gidOf }: AccessView, path: string): string {
  const group = groupWith(groupFile, gidOf(path));
  if (group === null) return `Give yourself the permission: sudo chmod o+rw ${path}`;
  // A group that was given after the login is in the list, but not yet in the process.
  if (group.members.includes(user)) {
    return `Log out and in again: you are in the group ${group.name} since then.`;
  }
  return `Become a member of its group, then log out and in again: sudo usermod -aG ${group.name} ${user}`;
}

/** Null for root's own, in which nobody else belongs, and where it is not to be found out. */
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
    return []; // no list of groups: then the general remedy must do
  }
}

function gidOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.gid ?? null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no such folder: a machine without sound cards has no /dev/snd
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
