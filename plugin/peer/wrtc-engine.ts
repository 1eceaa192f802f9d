// The one module that loads @roamhq/wrtc, and only when the first peer is made: loading costs some 60 ms, and a
// machine without a fitting binary must still be able to start, list devices and say why it cannot call.

import { createRequire } from "node:module";
import { errorText } from "../common/error-text.ts";
import type { Peer, PeerCallbacks, PeerEngine, PeerOptions } from "./peer.ts";
import { PeerError } from "./peer.ts";
import { WrtcPeer } from "./wrtc-peer.ts";
import type { WrtcModule } from "./wrtc-types.ts";

const PACKAGE = "@roamhq/wrtc";

/** Gives the package's exports; throws what `require` throws. */
export type LoadWrtc = () => WrtcModule;

// The package is CommonJS; its promise of types is kept by wrtc-types.ts.
export const loadWrtc: LoadWrtc = () => createRequire(import.meta.url)(PACKAGE) as WrtcModule;

/**
 * libwebrtc in this process. After the first peer was made the process must end by process.exit: its natural end
 * crashes inside the engine (README.md).
 */
export function createWrtcEngine(load: LoadWrtc = loadWrtc): PeerEngine {
  let loaded: WrtcModule | undefined;
  return {
    async createPeer(options: PeerOptions, callbacks: PeerCallbacks): Promise<Peer> {
      loaded ??= loadOrExplain(load);
      try {
        return new WrtcPeer(loaded, options, callbacks);
      } catch (cause) {
        throw new PeerError(`the WebRTC engine refused to make a connection: ${errorText(cause)}`, { cause });
      }
    },
  };
}

/** Why no connection could be made, without loading the engine: null when its binary package is installed. */
export function whyNoWrtc(): string | null {
  const binary = `${PACKAGE}-${process.platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(binary);
    return null;
  } catch {
    return `the WebRTC engine is not installed: the package ${binary} is missing`;
  }
}

function loadOrExplain(load: LoadWrtc): WrtcModule {
  try {
    return load();
  } catch (cause) {
    throw new PeerError(
      `cannot load ${PACKAGE} on ${process.platform}-${process.arch}, Node ${process.version}: ` +
        `${errorText(cause)}; expected the binary package ${PACKAGE}-${process.platform}-${process.arch}`,
      { cause },
    );
  }
}
