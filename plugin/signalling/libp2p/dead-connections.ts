// Ends connections whose network has gone. TCP notices it after many minutes, libp2p's own pings after up to 20 s, and a call
// whose path is lost needs its signals sooner.

import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";

/** Every libp2p has it, or answers that it does not. Both show that the peer is there. */
const PING_PROTOCOL = "/ipfs/ping/1.0.0";

/** The part of libp2p's connection that is needed here. */
export interface CheckedConnection {
  readonly remoteAddr: { toString(): string };
  newStream(
    protocol: string,
    options: { readonly signal: AbortSignal; readonly runOnLimitedConnection: true },
  ): Promise<{ abort(error: Error): void }>;
  abort(error: Error): void;
}

/** Aborts each connection over which nothing answers within `limitMs`. Never rejects. */
export async function endDeadConnections(
  connections: readonly CheckedConnection[],
  limitMs: number,
  log: Log,
): Promise<void> {
  await Promise.all(connections.map((connection) => check(connection, limitMs, log)));
}

async function check(connection: CheckedConnection, limitMs: number, log: Log): Promise<void> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    // Relayed connections are used for signals too.
    const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true });
    stream.abort(new Error("only its opening was of interest"));
  } catch (error) {
    if (error instanceof Error && error.name === "UnsupportedProtocolError") return;
    log("info", `a connection to ${connection.remoteAddr} died with the network: ${errorText(error)}`);
    connection.abort(error instanceof Error ? error : new Error(errorText(error)));
  }
}
