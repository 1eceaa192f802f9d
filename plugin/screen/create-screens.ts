// Chooses how this computer's screens can be shared.

import type { X11Screens } from "../../native/x11.ts";
import { errorText } from "../common/error-text.ts";
import { ScreenError, type ScreenOffer, type Screens } from "./screens.ts";
import { createX11Screens } from "./x11-screens.ts";

/** The process's environment. */
export interface ScreenEnvironment {
  readonly DISPLAY?: string | undefined;
  readonly WAYLAND_DISPLAY?: string | undefined;
}

/** @param loadX11 throws an Error that says what is missing. It is called at the first use */
export function createScreens(env: ScreenEnvironment, loadX11: () => X11Screens): Screens {
  let found: Screens | null = null;
  const screens = () => {
    found ??= findScreens(env, loadX11);
    return found;
  };
  return {
    offer: () => screens().offer(),
    share: (request, callbacks) => screens().share(request, callbacks),
  };
}

function findScreens({ DISPLAY, WAYLAND_DISPLAY }: ScreenEnvironment, loadX11: () => X11Screens): Screens {
  // Under Wayland an X server sees the windows of X programs only.
  if (WAYLAND_DISPLAY) return noScreens("screens of Wayland desktops cannot be shared yet");
  if (!DISPLAY) return noScreens("there is no X display: the variable DISPLAY is empty");
  try {
    return createX11Screens(loadX11(), DISPLAY);
  } catch (error) {
    return noScreens(errorText(error));
  }
}

/** @param why what is missing */
function noScreens(why: string): Screens {
  return {
    offer: async (): Promise<ScreenOffer> => ({ chooser: "none", why }),
    share: () => Promise.reject(new ScreenError("failed", why)),
  };
}
