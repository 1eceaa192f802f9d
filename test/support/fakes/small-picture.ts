/** The picture of calls in which size is not the matter: two plugins and their pages share two processors. */
export const SMALL_PICTURE = { width: 640, height: 480, fps: 30 } as const;
