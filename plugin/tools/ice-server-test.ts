// Asks a STUN or TURN server for a candidate, as a call does, and says what came of it.

import { errorText } from "../common/error-text.ts";
import type { WrtcConnection, WrtcModule } from "../peer/wrtc-types.ts";

export interface TestedServer {
  /** One URL of the setting iceServers. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/**
 * `works`: a STUN server answered, or a TURN server gave a relayed address. `refused`: the server answered with an error, which
 * `detail` names. `unknown`: its name has no address. `silent`: no usable answer came in time.
 */
export interface ServerResult {
  readonly outcome: "works" | "refused" | "unknown" | "silent";
  /** The server's or the engine's words; empty without any. */
  readonly detail: string;
}

/** A server that answers needs some 100 ms. The engine repeats a lost request after 0.25, 0.5 and 1 s. */
const LIMIT_MS = 5_000;
/** The engine's own code for a server that it could not ask (W3C webrtc-pc section 4.8.1.4). */
const NOT_ASKED = 701;
const LOOKUP = /lookup/;

/**
 * Loads the engine into this process, which must then end with process.exit (README.md).
 * @param limitMs how long the server has for its answer
 */
export async function testIceServer(
  wrtc: WrtcModule,
  { url, username, credential }: TestedServer,
  limitMs = LIMIT_MS,
): Promise<ServerResult> {
  let connection: WrtcConnection;
  try {
    connection = new wrtc.RTCPeerConnection({ iceServers: [withCredentials(url, username, credential)] });
  } catch (cause) {
    return { outcome: "refused", detail: errorText(cause) };
  }
  try {
    return await gather(connection, /^turns?:/.test(url), limitMs);
  } finally {
    connection.onicecandidate = null;
    connection.onicecandidateerror = null;
    connection.close();
  }
}

function withCredentials(url: string, username: string | undefined, credential: string | undefined) {
  return {
    urls: [url],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}

async function gather(connection: WrtcConnection, isTurn: boolean, limitMs: number): Promise<ServerResult> {
  const errors: { code: number; text: string }[] = [];
  const gathered = new Promise<ServerResult>((resolve) => {
    connection.onicecandidateerror = ({ errorCode, errorText: text }) => {
      errors.push({ code: errorCode, text });
    };
    connection.onicecandidate = ({ candidate }) => {
      if (/ typ relay /.test(candidate?.candidate ?? "")) resolve({ outcome: "works", detail: "" });
      if (candidate === null) resolve(resultOf(errors, isTurn));
    };
  });
  connection.createDataChannel("test");
  await connection.setLocalDescription(await connection.createOffer());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ServerResult>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: "silent", detail: "" }), limitMs);
  });
  return await Promise.race([gathered, late]).finally(() => clearTimeout(timer));
}

/** Of a search for candidates that ended: each address of this machine has asked, or could not ask. */
function resultOf(errors: readonly { code: number; text: string }[], isTurn: boolean): ServerResult {
  const refusal = errors.find(({ code }) => code !== NOT_ASKED);
  if (refusal) return { outcome: "refused", detail: `${refusal.code} ${refusal.text}` };
  const lookup = errors.find(({ text }) => LOOKUP.test(text));
  if (lookup) return { outcome: "unknown", detail: lookup.text };
  // A STUN server's answer gives no candidate of its own where no router lies between.
  if (!isTurn) return { outcome: "works", detail: "" };
  return { outcome: "silent", detail: errors[0]?.text ?? "" };
}
