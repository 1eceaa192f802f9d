// Whether there is a camera, whether this user may open it, and who holds it. /dev and /proc are looked at; no camera
// is opened.

import { type Finding, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

export interface CameraNode {
  /** Such as /dev/video0. */
  readonly path: string;
  readonly name: string;
}

/** Every node of the kernel's video devices, also those that do not capture. */
export function videoNodes(system: SystemView): CameraNode[] {
  const names = system.list("/dev").filter((name) => /^video\d+$/.test(name));
  return names
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((node) => ({
      path: `/dev/${node}`,
      name: system.readText(`/sys/class/video4linux/${node}/name`)?.trim() || node,
    }));
}

/** One finding for the cameras as a whole, and one for each program that holds one. */
export function checkCameras(system: SystemView): Finding[] {
  const nodes = videoNodes(system);
  if (nodes.length === 0) {
    const where = system.list("/sys/class/video4linux");
    if (where.length > 0) {
      const says = `The kernel knows ${where.join(", ")}, but there is no /dev/video* here.`;
      return [warning("camera", says, "In a container, pass the devices on: --device /dev/video0")];
    }
    const action = "Plug in a camera; a laptop's may have a switch, or be off in the firmware's settings";
    return [warning("camera", "There is no camera (no /dev/video*): others will not see you.", action)];
  }
  const forbidden = nodes.filter(({ path }) => !system.canOpen(path));
  return [checkPermission(system, nodes, forbidden), ...checkHolders(system, nodes)];
}

/** Cameras belong to the group `video` nearly everywhere, but what counts is who owns this one. */
function checkPermission(
  system: SystemView,
  nodes: readonly CameraNode[],
  forbidden: readonly CameraNode[],
): Finding {
  const [first] = forbidden;
  if (first === undefined) {
    const names = [...new Set(nodes.map(({ name }) => name))].join(", ");
    return ok("camera", `There is a camera that you may open: ${names}.`);
  }
  const { user } = system;
  const paths = forbidden.map(({ path }) => path).join(", ");
  const says = `You may not open ${paths}: the user ${user.name} lacks the permission.`;
  const group = groupOf(system, first.path);
  if (group === null) return warning("camera permission", says, `sudo chmod g+rw ${paths}`);
  // A group that was given after the login is in the list, but not yet in the process.
  if (group.members.includes(user.name)) {
    return warning(
      "camera permission",
      says,
      `Log out and in again: you are in the group ${group.name} since then`,
    );
  }
  const action = `sudo usermod -aG ${group.name} ${user.name}, then log out and in again`;
  return warning("camera permission", says, action);
}

/** The group that owns the node, from group(5). */
function groupOf(system: SystemView, path: string): { name: string; members: readonly string[] } | null {
  const owner = system.owner(path);
  if (owner === null) return { name: "video", members: [] };
  for (const line of system.readText("/etc/group")?.split("\n") ?? []) {
    const [name = "", , id, members = ""] = line.split(":");
    if (Number(id) !== owner.group || id === "") continue;
    return name === "root" ? null : { name, members: members.split(",") };
  }
  return null;
}

function checkHolders(system: SystemView, nodes: readonly CameraNode[]): Finding[] {
  const paths = new Set(nodes.map(({ path }) => path));
  return holdersOf(system, paths).map(({ path, pid, program }) => {
    const says = `${path} is held open by ${program} (process ${pid}), and most cameras serve one program at a time.`;
    return warning("camera in use", says, `Close ${program}, or end it: kill ${pid}`);
  });
}

/** Who holds these nodes, as far as this user may see: proc_pid_fd(5). */
function holdersOf(system: SystemView, paths: ReadonlySet<string>) {
  const holders = new Map<string, { path: string; pid: string; program: string }>();
  for (const pid of system.list("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of system.list(`/proc/${pid}/fd`)) {
      const path = system.linkTarget(`/proc/${pid}/fd/${fd}`);
      if (path === null || !paths.has(path)) continue;
      const program = programOf(system, pid);
      holders.set(`${pid} ${path}`, { path, pid, program });
    }
  }
  return [...holders.values()];
}

/** The name it was started by, since programs rename their main threads at will: proc_pid_cmdline(5). */
function programOf(system: SystemView, pid: string): string {
  const [started = ""] = system.readText(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  const name = started.slice(started.lastIndexOf("/") + 1);
  return name || system.readText(`/proc/${pid}/comm`)?.trim() || "an unnamed program";
}
