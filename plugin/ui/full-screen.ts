// Full screen for the call: the browser's own where it has one, else the call fills the window.

interface FullScreen {
  toggle(): void;
  /** Does nothing while it is off. */
  leave(): void;
}

/** @param onChange runs when full screen begins and ends, also when the browser ends it */
export function createFullScreen(root: HTMLElement, onChange: (isOn: boolean) => void): FullScreen {
  let isOn = false;
  const set = (on: boolean): void => {
    if (on === isOn) return;
    isOn = on;
    root.dataset.fullScreen = String(on);
    onChange(on);
  };
  const enter = async (): Promise<void> => {
    set(true);
    if (!document.fullscreenEnabled) return;
    // A webview may refuse. The call fills the window then.
    await document.documentElement.requestFullscreen().catch(() => undefined);
  };
  const leave = async (): Promise<void> => {
    set(false);
    if (document.fullscreenElement) await document.exitFullscreen().catch(() => undefined);
  };
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) set(false);
  });
  // The browser leaves its own full screen by itself.
  document.addEventListener("keydown", (event) => {
    const isForUs = event.key === "Escape" && !event.defaultPrevented;
    if (isForUs && !document.querySelector("dialog[open]")) void leave();
  });
  return {
    toggle: () => void (isOn ? leave() : enter()),
    leave: () => void leave(),
  };
}
