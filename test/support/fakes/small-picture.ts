/** The frame size for tests in which it does not matter, because two plugins and their pages share two processors. */
export const SMALL_PICTURE = { width: 640, height: 480, fps: 30 } as const;
