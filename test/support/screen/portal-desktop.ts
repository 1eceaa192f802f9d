// A desktop with the real xdg-desktop-portal on a bus of its own, a backend that the test controls, and a PipeWire daemon whose
// video nodes are the screens.
//
//     const desktop = await startPortalDesktop();
//     const screen = await desktop.addScreen({ name: "left", modes: ["BGRx:640x480@30"] });
//     (await desktop.backend.dialog()).choose(screen.nodeId);
//     await desktop.stop()                                     in a finally or after(): ends all its processes
//
// Needs the packages xdg-desktop-portal, pipewire, wireplumber, dbus and libpipewire-0.3-dev.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Message, type MessageBus } from "@jellybrick/dbus-next";
import { loadPipeWire } from "../../../native/pipewire.ts";
import { within } from "../camera/taken-frames.ts";
import {
  type NodeOptions,
  startVideoDaemon,
  type VideoDaemon,
  type VideoNode,
} from "../camera/video-daemon.ts";
import { busAddressIn, connectToBus, startBus, untilOwned } from "../desktop/private-bus.ts";
import { type Helper, startHelper } from "../process/process-group.ts";
import { BACKEND_NAME, type PortalBackend, startPortalBackend } from "./portal-backend.ts";

const PORTAL_NAME = "org.freedesktop.portal.Desktop";
const STORE_NAME = "org.freedesktop.impl.portal.PermissionStore";
const LIBEXEC = "/usr/libexec";

export interface SharedNode extends VideoNode {
  readonly nodeId: number;
}

export interface PortalDesktop {
  /** For the process under test. */
  readonly env: NodeJS.ProcessEnv;
  readonly busAddress: string;
  readonly daemon: VideoDaemon;
  readonly backend: PortalBackend;
  addScreen(options: NodeOptions): Promise<SharedNode>;
  /** The desktop asks again whether a program may use the camera. */
  forgetPermissions(): Promise<void>;
  /** Kills the portal's process. */
  crashPortal(): Promise<void>;
  /** After `crashPortal`. */
  startPortal(): Promise<void>;
  stop(): Promise<void>;
}

interface DesktopOptions {
  /** Programs may ask for cameras, and the session manager knows what was allowed. */
  readonly hasCameras?: boolean;
}

export async function startPortalDesktop({
  hasCameras = false,
}: DesktopOptions = {}): Promise<PortalDesktop> {
  const folder = await mkdtemp(join(tmpdir(), "goop-portal-"));
  const ends: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 3 })];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const daemon = await startVideoDaemon();
    ends.push(() => daemon.stop());
    const ownBus = hasCameras ? null : await startBus(folder, "session");
    ends.push(() => ownBus?.end());
    const busAddress = ownBus ? busAddressIn(folder) : (daemon.env.DBUS_SESSION_BUS_ADDRESS ?? "");
    const own = await connectToBus(busAddress);
    ends.push(() => own.disconnect());
    const env = {
      ...daemon.env,
      ...(await portalEnvironment(folder, hasCameras)),
      DBUS_SESSION_BUS_ADDRESS: busAddress,
    };
    const backend = await startPortalBackend(busAddress);
    ends.push(() => backend.end());
    const store = await startOnBus(own, "xdg-permission-store", STORE_NAME, env);
    ends.push(() => store.end());
    let portal = await startOnBus(own, "xdg-desktop-portal", PORTAL_NAME, env);
    ends.push(() => portal.end());
    return {
      ...{ env, busAddress, daemon, backend, stop },
      addScreen: (options) => addScreen(daemon, options),
      forgetPermissions: () => forgetPermissions(own),
      async crashPortal() {
        portal.child.kill("SIGKILL");
        await portal.exited;
      },
      async startPortal() {
        portal = await startOnBus(own, "xdg-desktop-portal", PORTAL_NAME, env);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Of programs outside a sandbox, whose name is empty. */
async function forgetPermissions(bus: MessageBus): Promise<void> {
  const call = {
    destination: STORE_NAME,
    path: "/org/freedesktop/impl/portal/PermissionStore",
    interface: STORE_NAME,
  };
  const body = ["devices", true, "camera", "", []];
  await bus.call(new Message({ ...call, member: "SetPermission", signature: "sbssas", body }));
}

/** Only the test's backend is found, by old portals from its file and by newer ones from portals.conf. */
async function portalEnvironment(folder: string, hasCameras: boolean): Promise<Record<string, string>> {
  const portals = join(folder, "portals");
  await mkdir(portals);
  const words = [
    "[portal]",
    `DBusName=${BACKEND_NAME}`,
    `Interfaces=org.freedesktop.impl.portal.ScreenCast;${hasCameras ? "org.freedesktop.impl.portal.Access;" : ""}`,
    "UseIn=goop-test",
    "",
  ];
  await writeFile(join(portals, "test.portal"), words.join("\n"));
  await writeFile(join(portals, "portals.conf"), "[preferred]\ndefault=test\n");
  return {
    XDG_DESKTOP_PORTAL_DIR: portals,
    XDG_CURRENT_DESKTOP: "goop-test",
    XDG_DATA_HOME: join(folder, "data"),
    XDG_SESSION_TYPE: "wayland",
    GIO_USE_VFS: "local",
    GSETTINGS_BACKEND: "memory",
  };
}

async function startOnBus(
  bus: MessageBus,
  program: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Helper> {
  const debug = process.env.PORTAL_DEBUG ? "inherit" : "ignore";
  const helper = await startHelper(join(LIBEXEC, program), program === "xdg-desktop-portal" ? ["-v"] : [], {
    env: Object.fromEntries(
      Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
    stdio: ["ignore", debug, debug],
  });
  try {
    await untilOwned(bus, name);
    return helper;
  } catch (error) {
    await helper.end();
    throw error;
  }
}

async function addScreen(daemon: VideoDaemon, options: NodeOptions): Promise<SharedNode> {
  const node = await daemon.addNode({ role: "Screen", ...options });
  const found = Promise.withResolvers<number>();
  const session = loadPipeWire().connect({ socket: daemon.socket }, () => {
    const one = session.state().nodes.find(({ name }) => name === options.name);
    if (one) found.resolve(one.nodeId);
  });
  try {
    return { ...node, nodeId: await within(`the node ${options.name}`, found.promise) };
  } finally {
    await session.close();
  }
}
