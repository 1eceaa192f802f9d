// The only module that loads @roamhq/wrtc, when the first peer is created. Loading takes some 60 ms, and a machine without
// a matching binary must still start, list devices and report why it cannot call.

import { createRequire } from "node:module";
import { errorText } from "../common/error-text.ts";
import { libraryInTheWay } from "../common/library-path.ts";
import { codecsOf, type EngineCodecs } from "./codecs.ts";
import { whyNoRoom } from "./descriptor-room.ts";
import { isOverTls, openTlsTunnels, type TlsTunnels, withoutTunnels } from "./path/tls-tunnels.ts";
import type { Peer, PeerCallbacks, PeerEngine, PeerOptions } from "./peer.ts";
import { PeerError } from "./peer.ts";
import { WrtcPeer } from "./wrtc-peer.ts";
import type { WrtcModule } from "./wrtc-types.ts";

const PACKAGE = "@roamhq/wrtc";

/** Returns the package's exports. Throws the errors of `require`. */
type LoadWrtc = () => WrtcModule;

// The package is CommonJS. wrtc-types.ts has its types.
export const loadWrtc: LoadWrtc = () => createRequire(import.meta.url)(PACKAGE) as WrtcModule;

export interface WrtcEngineOptions {
  /** Why there is no room for a connection at present; null if there is. */
  readonly room?: () => string | null;
  /** The environment's LD_LIBRARY_PATH. */
  readonly libraryPath?: string | undefined;
}

/**
 * Runs libwebrtc in this process. After the first peer the process must end with process.exit, because its natural end
 * crashes in the engine (README.md).
 */
export function createWrtcEngine(
  load: LoadWrtc = loadWrtc,
  { room = whyNoRoom, libraryPath }: WrtcEngineOptions = {},
): PeerEngine {
  let loaded: WrtcModule | undefined;
  let codecs: EngineCodecs | undefined;
  return {
    async createPeer(options: PeerOptions, callbacks: PeerCallbacks): Promise<Peer> {
      const noRoom = room();
      if (noRoom !== null) throw new PeerError(noRoom);
      loaded ??= loadOrExplain(load, libraryPath);
      const tunnels = await tunnelsFor(options);
      try {
        codecs ??= codecsOf(loaded);
        return new WrtcPeer(loaded, { codecs, tunnels }, options, callbacks);
      } catch (cause) {
        tunnels.close();
        throw new PeerError(`the WebRTC engine could not create a connection: ${errorText(cause)}`, {
          cause,
        });
      }
    },
  };
}

/** @returns why no connection is possible, without loading the engine; null when its binary package is installed */
export function whyNoWrtc(): string | null {
  const binary = `${PACKAGE}-${process.platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(binary);
    return null;
  } catch {
    return `the WebRTC engine is not installed: the package ${binary} is missing`;
  }
}

async function tunnelsFor({ iceServers }: PeerOptions): Promise<TlsTunnels> {
  if (!iceServers.some(({ urls }) => urls.some(isOverTls))) return withoutTunnels(iceServers);
  try {
    return await openTlsTunnels(iceServers);
  } catch (cause) {
    throw new PeerError(`TURN over TLS is not possible: ${errorText(cause)}`, { cause });
  }
}

function loadOrExplain(load: LoadWrtc, libraryPath: string | undefined): WrtcModule {
  try {
    return load();
  } catch (cause) {
    const inTheWay = libraryInTheWay(errorText(cause), libraryPath);
    if (inTheWay) {
      const { reason, remedy } = inTheWay;
      throw new PeerError(`cannot load ${PACKAGE}: ${reason}. ${remedy}`, { cause });
    }
    throw new PeerError(
      `cannot load ${PACKAGE} on ${process.platform}-${process.arch}, Node ${process.version}: ` +
        `${errorText(cause)}; expected the binary package ${PACKAGE}-${process.platform}-${process.arch}`,
      { cause },
    );
  }
}
