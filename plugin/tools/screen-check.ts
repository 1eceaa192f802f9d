// The check for screen sharing: the desktop's portal with PipeWire, or an X display.

import type { ScreenOffer } from "../screen/screens.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

const CHECK = "screen sharing";
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

export function checkScreens({ environment }: SystemView, offer: ScreenOffer): Finding {
  if (offer.chooser === "desktop") {
    return ok(CHECK, "Screens can be shared: the desktop's portal asks which one.");
  }
  if (offer.chooser === "host") return ok(CHECK, "Screens of the X display can be shared.");
  const { DISPLAY, WAYLAND_DISPLAY, XDG_CURRENT_DESKTOP = "" } = environment;
  if (!DISPLAY && !WAYLAND_DISPLAY)
    return ok(CHECK, "No desktop runs in this session, so there is no screen.");
  const message = `Screens cannot be shared: ${offer.why}.`;
  if (!WAYLAND_DISPLAY) return warning(CHECK, message, `sudo apt install ${X11_LIBRARIES}`);
  const [, backend] = BACKENDS.find(([desktop]) => desktop.test(XDG_CURRENT_DESKTOP)) ?? ["", OTHER_BACKEND];
  const action = `sudo apt install xdg-desktop-portal ${backend} ${PIPEWIRE}, then log out and in again`;
  return warning(CHECK, message, action);
}
