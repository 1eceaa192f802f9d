// Asks a STUN or TURN server for a candidate, as a call does, and says what came of it.

import { errorText } from "../common/error-text.ts";
import { toWrtcServer } from "../peer/path/engine-terms.ts";
import { NOT_REACHED } from "../peer/path/path-search.ts";
import { openTlsTunnels, type TlsTunnels } from "../peer/path/tls-tunnels.ts";
import type { WrtcConnection, WrtcModule } from "../peer/wrtc-types.ts";

export interface TestedServer {
  /** One URL of the setting iceServers. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/**
 * `works`: a STUN server answered, or a TURN server gave a relayed address. `refused`: the server answered with an error, which
 * `detail` names. `unknown`: its name has no address. `untrusted`: its certificate was not accepted. `silent`: no usable answer came in time.
 */
export interface ServerResult {
  readonly outcome: "works" | "refused" | "unknown" | "untrusted" | "silent";
  /** The server's or the engine's words; empty without any. */
  readonly detail: string;
}

/** A server that answers needs some 100 ms. The engine repeats a lost request after 0.25, 0.5 and 1 s. */
const LIMIT_MS = 5_000;
const LOOKUP = /lookup|getaddrinfo/;
/** OpenSSL's words for a chain that it does not accept, and Node's for another name. */
const CERTIFICATE = /certificate|altname/i;

/**
 * Loads the engine into this process, which must then end with process.exit (README.md).
 * @param limitMs how long the server has for its answer
 */
export async function testIceServer(
  wrtc: WrtcModule,
  { url, username, credential }: TestedServer,
  limitMs = LIMIT_MS,
): Promise<ServerResult> {
  const tunnels = await openTlsTunnels([{ urls: [url], username, credential }]);
  try {
    const connection = new wrtc.RTCPeerConnection({ iceServers: tunnels.iceServers.map(toWrtcServer) });
    try {
      return await gather(connection, { isTurn: /^turns?:/i.test(url), tunnels, limitMs });
    } finally {
      connection.onicecandidate = null;
      connection.onicecandidateerror = null;
      connection.close();
    }
  } catch (cause) {
    return { outcome: "refused", detail: errorText(cause) };
  } finally {
    tunnels.close();
  }
}

interface Gathering {
  readonly isTurn: boolean;
  readonly tunnels: TlsTunnels;
  readonly limitMs: number;
}

async function gather(
  connection: WrtcConnection,
  { isTurn, tunnels, limitMs }: Gathering,
): Promise<ServerResult> {
  const errors: { code: number; text: string }[] = [];
  tunnels.listen((_, text) => errors.push({ code: NOT_REACHED, text }));
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
  const refusal = errors.find(({ code }) => code !== NOT_REACHED);
  if (refusal) return { outcome: "refused", detail: `${refusal.code} ${refusal.text}` };
  const lookup = errors.find(({ text }) => LOOKUP.test(text));
  if (lookup) return { outcome: "unknown", detail: lookup.text };
  const certificate = errors.find(({ text }) => CERTIFICATE.test(text));
  if (certificate) return { outcome: "untrusted", detail: certificate.text };
  // A STUN server's answer gives no candidate of its own where no router lies between.
  if (!isTurn) return { outcome: "works", detail: "" };
  return { outcome: "silent", detail: errors.find(({ text }) => text !== "")?.text ?? "" };
}
