// What a connection needs of the engine, in its terms.

import type { IceServer } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { EngineCodecs } from "../codecs.ts";
import type { WrtcIceServer } from "../wrtc-types.ts";
import type { TlsTunnels } from "./tls-tunnels.ts";

export interface EngineParts {
  readonly codecs: EngineCodecs;
  /** Closed with the peer. */
  readonly tunnels: TlsTunnels;
}

/** Without absent fields, because the engine reads undefined as text. */
export function toWrtcServer({ urls, username, credential }: IceServer): WrtcIceServer {
  return {
    urls: [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** A failing step must not stop closing. It is logged on stderr. */
export function attempt(step: () => void): void {
  try {
    step();
  } catch (cause) {
    process.emitWarning(`closing a peer: ${errorText(cause)}`);
  }
}
