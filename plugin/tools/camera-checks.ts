// Checks for cameras, the permission to open them, programs that use them, and screens. It reads /dev, /sys and /proc and opens no
// camera.

import { parseCameraNote } from "../camera/camera-notes.ts";
import { isSensorData, unreadableText } from "../camera/camera-problems.ts";
import { mayCapture } from "../camera/capture-nodes.ts";
import type { PipeWireReport, UnreadableCamera } from "../camera/pipewire-cameras.ts";
import type { ScreenOffer } from "../screen/screens.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

/** Enough to name what is there. */
const MOST_UNREADABLE = 3;
const SCREENS = "screen sharing";
/** The portal's part for each desktop, by a word of XDG_CURRENT_DESKTOP. */
const BACKENDS: readonly (readonly [RegExp, string])[] = [
  [/gnome|unity/i, "xdg-desktop-portal-gnome"],
  [/kde/i, "xdg-desktop-portal-kde"],
  [/hyprland/i, "xdg-desktop-portal-hyprland"],
  [/lxqt/i, "xdg-desktop-portal-lxqt"],
];
/** For sway and other desktops of wlroots. */
const OTHER_BACKEND = "xdg-desktop-portal-wlr";
const X11_LIBRARIES = "libxcb-composite0 libxcb-damage0 libxcb-randr0 libxcb-shm0 libxcb-xfixes0";
const PIPEWIRE = "pipewire wireplumber libpipewire-0.3-0 libpipewire-0.3-modules";

const BY_PORTAL =
  "A camera is available through the desktop's portal, which asks for permission at its first use.";

interface CameraNode {
  /** Such as /dev/video0. */
  readonly path: string;
  readonly name: string;
}

/** The kernel's video nodes, without those that are no cameras as far as the system knows. */
function videoNodes(system: SystemView): CameraNode[] {
  const names = system
    .list("/dev")
    .filter((name) => /^video\d+$/.test(name) && mayCapture(`/dev/${name}`, (path) => system.readText(path)));
  return names
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((node) => ({
      path: `/dev/${node}`,
      name: system.readText(`/sys/class/video4linux/${node}/name`)?.trim() || node,
    }));
}

/** One finding for all cameras together, and one for each program that uses a camera. */
export function checkCameras(system: SystemView, pipeWire: PipeWireReport): Finding[] {
  const unreadable = system.unreadableNodes();
  const nodes = videoNodes(system).filter(({ path }) => unreadable.every((node) => node.path !== path));
  if (nodes.every(({ path }) => !system.canOpen(path))) {
    const { cameras, portal } = pipeWire;
    if (cameras.length > 0)
      return [ok("camera", `A camera of PipeWire is available: ${cameras.join(", ")}.`)];
    if (portal?.problem === null) return [ok("camera", BY_PORTAL)];
  }
  if (nodes.length === 0) {
    const allUnreadable = [...unreadable, ...pipeWire.unreadable];
    return [allUnreadable.length > 0 ? cannotBeShown(allUnreadable) : noCamera(system, pipeWire)];
  }
  const forbidden = nodes.filter(({ path }) => !system.canOpen(path));
  return [checkPermission(system, nodes, forbidden), ...checkHolders(system, nodes)];
}

/** The nodes of one device often have one name and the same formats. */
function cannotBeShown(cameras: readonly UnreadableCamera[]): Finding {
  const sentences = new Set(
    cameras.map(({ name, formats }) => `The camera ${name} ${unreadableText(formats)}.`),
  );
  const shown = [...sentences].slice(0, MOST_UNREADABLE).join(" ");
  if (cameras.some(({ formats }) => isSensorData(formats))) {
    const install = "sudo apt install libspa-0.2-libcamera, then log out and in again";
    const message = `${shown} A sensor's raw data needs libcamera and PipeWire.`;
    return warning("camera", message, install);
  }
  return warning("camera", shown, "Plug in another camera");
}

function noCamera(system: SystemView, pipeWire: PipeWireReport): Finding {
  const kernelNames = system.list("/sys/class/video4linux");
  if (kernelNames.length > 0) {
    const message = `The kernel has ${kernelNames.join(", ")}, but /dev/video* does not exist here.`;
    return warning("camera", message, "In a container, pass the device on: --device /dev/video0");
  }
  const action =
    "Plug in a camera. A laptop's camera may have a switch, or may be disabled in the firmware settings";
  const nowhere = "No camera was found at /dev/video* or in PipeWire, so others will not see you.";
  const byPortal = portalProblem(system, pipeWire);
  const message = byPortal === null ? nowhere : `${nowhere} ${byPortal}`;
  if (byPortal !== null && isSandboxed(system)) {
    const install = `In the system outside this sandbox: sudo apt install xdg-desktop-portal ${desktopPart(system)} ${PIPEWIRE}, then log out and in again`;
    return warning(
      "camera",
      message,
      `${install}. With a camera plugged in: allow it in the desktop's settings`,
    );
  }
  if (pipeWire.accessProblem !== null) {
    const allow =
      "Allow the camera for this program in the desktop's settings, or start it outside its sandbox";
    return warning("camera", `${message} ${pipeWire.accessProblem}.`, allow);
  }
  if (pipeWire.libraryProblem === null) return warning("camera", message, action);
  const library = `Some laptops' cameras need PipeWire, and its library cannot be used: ${pipeWire.libraryProblem}`;
  const install = `${action}. For PipeWire: sudo apt install libpipewire-0.3-0 libpipewire-0.3-modules`;
  return warning("camera", `${message} ${library}.`, install);
}

/** Null where the portal is not asked, and outside a desktop, which has none. */
function portalProblem(system: SystemView, { portal }: PipeWireReport): string | null {
  const { DISPLAY, WAYLAND_DISPLAY } = system.environment;
  const isDesktop = Boolean(DISPLAY || WAYLAND_DISPLAY);
  if (!portal?.problem || !(isDesktop || isSandboxed(system))) return null;
  return `The desktop's portal ${portal.problem}.`;
}

/** flatpak-metadata(5); Snap sets SNAP. */
function isSandboxed(system: SystemView): boolean {
  return system.readText("/.flatpak-info") !== null || Boolean(system.environment.SNAP);
}

/** What the last capture of this session noted. Opening the camera here would switch its light on. */
export function checkPictures(system: SystemView, notePath: string): Finding[] {
  const note = parseCameraNote(system.readText(notePath));
  if (note === null) return [];
  const message = `The pictures of ${note.camera} could not be shown at ${note.at}: ${note.reason}.`;
  const action = "Try another cable or USB port, and then goop-call-plugin capture-test";
  return [warning("camera pictures", message, action)];
}

/** Most systems give cameras to the group `video`, but this checks the group of each node. */
function checkPermission(
  system: SystemView,
  nodes: readonly CameraNode[],
  forbidden: readonly CameraNode[],
): Finding {
  const [first] = forbidden;
  if (first === undefined) {
    const names = [...new Set(nodes.map(({ name }) => name))].join(", ");
    return ok("camera", `A camera is available: ${names}.`);
  }
  const { user } = system;
  const paths = forbidden.map(({ path }) => path).join(", ");
  const message = `The user ${user.name} has no permission to open ${paths}.`;
  const group = groupOf(system, first.path);
  if (group === null) return warning("camera permission", message, `sudo chmod g+rw ${paths}`);
  // A process keeps the groups of its login, so a newer group is in the file only.
  if (group.members.includes(user.name)) {
    return warning(
      "camera permission",
      message,
      `Log out and in again, because you joined the group ${group.name} after your last login`,
    );
  }
  const action = `sudo usermod -aG ${group.name} ${user.name}, then log out and in again`;
  return warning("camera permission", message, action);
}

/** The group that owns the node, looked up in group(5). @returns null for root's group and for an unknown one */
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
    const message = `${program} (process ${pid}) is using ${path}, and most cameras serve one program at a time.`;
    return warning("camera in use", message, `Close ${program}, or end it: kill ${pid}`);
  });
}

/** The programs that have these nodes open, as far as this user can see them: proc_pid_fd(5). */
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

/** The name from the command line, because programs can rename their threads: proc_pid_cmdline(5). */
function programOf(system: SystemView, pid: string): string {
  const [executable = ""] = system.readText(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  const name = executable.slice(executable.lastIndexOf("/") + 1);
  return name || system.readText(`/proc/${pid}/comm`)?.trim() || "an unnamed program";
}

/** Screen sharing: the desktop's portal with PipeWire, or an X display. */
export function checkScreens(system: SystemView, offer: ScreenOffer): Finding {
  if (offer.chooser === "desktop") {
    return ok(SCREENS, "Screens can be shared: the desktop's portal asks which one.");
  }
  if (offer.chooser === "host") return ok(SCREENS, "Screens of the X display can be shared.");
  const { DISPLAY, WAYLAND_DISPLAY } = system.environment;
  if (!DISPLAY && !WAYLAND_DISPLAY)
    return ok(SCREENS, "No desktop runs in this session, so there is no screen.");
  const message = `Screens cannot be shared: ${offer.why}.`;
  if (!WAYLAND_DISPLAY) return warning(SCREENS, message, `sudo apt install ${X11_LIBRARIES}`);
  const action = `sudo apt install xdg-desktop-portal ${desktopPart(system)} ${PIPEWIRE}, then log out and in again`;
  return warning(SCREENS, message, action);
}

/** The package of the portal's part for this desktop. */
function desktopPart({ environment: { XDG_CURRENT_DESKTOP = "" } }: SystemView): string {
  const [, backend] = BACKENDS.find(([desktop]) => desktop.test(XDG_CURRENT_DESKTOP)) ?? ["", OTHER_BACKEND];
  return backend;
}
