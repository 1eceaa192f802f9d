// Replaces the addon when its binary cannot be loaded. The plugin then starts all the same, and reports to its host why calls are
// not possible.

import type { Native } from "../../native/types.ts";

/** Lists no camera, and marks no descriptor. Every other function throws an Error, or rejects with it, whose message is `why`. */
export function unavailableNative(why: string): Native {
  const refuse = (): never => {
    throw new Error(why);
  };
  return {
    libraryVersions: () => ({}),
    listCameras: () => [],
    openCamera: async () => refuse(),
    openPattern: async () => refuse(),
    createJpegEncoder: refuse,
    createScaler: refuse,
    createVoiceProcessor: refuse,
    toRgba: async () => refuse(),
    readStamp: refuse,
    protectStdout: refuse,
    closeOnExec: () => undefined,
    limitMallocArenas: refuse,
    releaseFreeMemory: async () => refuse(),
    dieWithParent: refuse,
    guardRealTime: refuse,
    withholdRealTime: refuse,
    setRealTime: refuse,
    setNiceness: refuse,
    openResettingListener: refuse,
    alsaFormats: refuse,
    createResampler: refuse,
    openSoundServer: refuse,
  };
}
