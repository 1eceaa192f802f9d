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

/** The machine as a test may make it up. */
export interface AccessView {
  /** Where device nodes are. */
  readonly directory: string;
  /** group(5). */
  readonly groupFile: string;
  readonly user: string;
  /** access(2) for reading and writing. */
  canOpen(path: string): boolean;
}

export function systemAccess(): AccessView {
  return { directory: "/dev", groupFile: "/etc/group", user: userInfo().username, canOpen };
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
function remedyFor({ groupFile, user }: AccessView, path: string): string {
  const group = groupOf(groupFile, path);
  if (group === null) return `Give yourself the permission: sudo chmod o+rw ${path}`;
  // A group that was given after the login is in the list, but not yet in the process.
  if (group.members.includes(user)) {
    return `Log out and in again: you are in the group ${group.name} since then.`;
  }
  return `Become a member of its group, then log out and in again: sudo usermod -aG ${group.name} ${user}`;
}

/** Null for root's own, in which nobody else belongs, and where it is not to be found out. */
function groupOf(groupFile: string, path: string): { name: string; members: string[] } | null {
  try {
    const { gid } = statSync(path);
    for (const line of readFileSync(groupFile, "utf8").split("\n")) {
      const [name = "", , id = "", members = ""] = line.split(":");
      if (id !== "" && Number(id) === gid && gid !== 0) return { name, members: members.split(",") };
    }
  } catch {
    // The node went, or there is no list of groups: then the general remedy must do.
  }
  return null;
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
