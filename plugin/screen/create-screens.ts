// Chooses how this computer's screens can be shared: through the desktop's portal where it offers that, else on an X display.

import type { PipeWireAddon } from "../../native/pipewire.ts";
import type { X11Screens } from "../../native/x11.ts";
import { errorText } from "../common/error-text.ts";
import { openDescriptorBus } from "../dbus/bus.ts";
import type { Log } from "../log.ts";
import { createPortalScreens } from "./portal/portal-screens.ts";
import { restoreTokenSchema } from "./portal/screen-cast.ts";
import { RestoreToken } from "./restore-token.ts";
import { ScreenError, type ScreenOffer, type Screens, type ScreenWay } from "./screens.ts";
import { createX11Screens } from "./x11-screens.ts";

/** The process's environment. */
export interface ScreenEnvironment {
  readonly DISPLAY?: string | undefined;
  readonly WAYLAND_DISPLAY?: string | undefined;
  readonly XDG_SESSION_TYPE?: string | undefined;
}

export interface ScreenParts {
  /** The session bus, as in DBUS_SESSION_BUS_ADDRESS; null where there is none. */
  readonly busAddress: string | null;
  /** Each throws an Error that says what is missing. It is called at the first use. */
  readonly loadX11: () => X11Screens;
  readonly loadPipeWire: () => PipeWireAddon;
  readonly log: Log;
}

export function createScreens(env: ScreenEnvironment, parts: ScreenParts): Screens {
  const token = new RestoreToken(parts.log, (text) => restoreTokenSchema.safeParse(text).success);
  const portal = once(() => portalWay(parts, token));
  const x11 = once(() => x11Way(env, parts));
  return {
    async offer() {
      const byPortal = await portal().offer();
      if (byPortal.chooser !== "none") return byPortal;
      const byX11 = await x11().offer();
      if (byX11.chooser !== "none") return byX11;
      return { chooser: "none", why: isWayland(env) ? byPortal.why : `${byX11.why}; ${byPortal.why}` };
    },
    share: (request, callbacks) => (request.source === null ? portal() : x11()).share(request, callbacks),
    keepChoicesIn: (folder) => token.keepIn(folder),
  };
}

function portalWay({ busAddress, loadPipeWire, log }: ScreenParts, token: RestoreToken): ScreenWay {
  if (busAddress === null) return noScreens("there is no session bus, so no desktop's portal can be asked");
  try {
    const pipeWire = loadPipeWire();
    const connect = (onClosed: () => void) =>
      openDescriptorBus(busAddress, pipeWire.openDescriptorSocket, onClosed);
    return createPortalScreens({ connect, pipeWire, token, log });
  } catch (error) {
    return noScreens(
      `PipeWire, by which the desktop's portal shares screens, is missing: ${errorText(error)}`,
    );
  }
}

function x11Way(env: ScreenEnvironment, { loadX11 }: ScreenParts): ScreenWay {
  // Under Wayland an X server sees the windows of X programs only.
  if (isWayland(env)) return noScreens("a Wayland desktop shares screens through its portal only");
  if (!env.DISPLAY) return noScreens("there is no X display: the variable DISPLAY is empty");
  try {
    return createX11Screens(loadX11(), env.DISPLAY);
  } catch (error) {
    return noScreens(errorText(error));
  }
}

function isWayland({ WAYLAND_DISPLAY, XDG_SESSION_TYPE }: ScreenEnvironment): boolean {
  return Boolean(WAYLAND_DISPLAY) || XDG_SESSION_TYPE === "wayland";
}

/** @param why what is missing */
function noScreens(why: string): ScreenWay {
  return {
    offer: async (): Promise<ScreenOffer> => ({ chooser: "none", why }),
    share: () => Promise.reject(new ScreenError("failed", why)),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
