// Stands where the addon should be when its binary cannot be loaded: the plugin then answers its host and says why it
// cannot call, instead of not starting.

import type { Native } from "../../native/types.ts";

/** Lists no camera; every other function throws, or rejects with, an Error that says `why`. */
export function unavailableNative(why: string): Native {
  const refuse = (): never => {
    throw new Error(why);
  };
  return {
    listCameras: () => [],
    openCamera: async () => refuse(),
    openPattern: async () => refuse(),
    createJpegEncoder: refuse,
    createScaler: refuse,
    createVoiceProcessor: refuse,
    toRgba: async () => refuse(),
    readStamp: refuse,
    protectStdout: refuse,
    limitMallocArenas: refuse,
    dieWithParent: refuse,
    openResettingListener: refuse,
  };
}
