// The protocol /goop/content/1.0.0: the peer that accepts the stream writes its label as one line and closes. Goop² also
// uses it as a liveness check, and disconnects a peer that does not answer.

import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { ByteStream } from "../node.ts";
import type { Timings } from "../timings.ts";
import { LineDecoder } from "./decoders.ts";
import { Exchange } from "./exchange.ts";

/** Goop²'s libp2p protocol id. */
export const LABEL_PROTOCOL = "/goop/content/1.0.0";

/** Twice the 4096 bytes that Goop²'s rendezvous server allows. */
const MAX_LABEL_BYTES = 8_192;
/** Enough for a contact list to show. */
const MAX_LABEL_CHARS = 128;

/** Ends the stream on every path. Never rejects, and logs a failure. */
export async function serveLabel(
  stream: ByteStream,
  label: string,
  timings: Timings,
  log: Log,
): Promise<void> {
  const exchange = new Exchange(stream, new LineDecoder(MAX_LABEL_BYTES));
  try {
    const line = new TextEncoder().encode(`${oneLine(label)}\n`);
    await withDeadline(timings.labelMs, undefined, "writing our label", (signal) =>
      exchange.send(line, signal),
    );
  } catch (error) {
    log("debug", `could not send our label: ${errorText(error)}`);
    exchange.abort(error);
    return;
  }
  await exchange.finish(timings.closeMs);
}

/** @throws Error if the peer does not send its label in time */
export async function requestLabel(
  open: (signal: AbortSignal) => Promise<ByteStream>,
  timings: Timings,
  abort: AbortSignal,
): Promise<string> {
  return withDeadline(timings.labelMs, abort, "requesting a label", async (signal) => {
    const exchange = new Exchange(await open(signal), new LineDecoder(MAX_LABEL_BYTES));
    try {
      const label = readableLabel(await exchange.receive(signal));
      void exchange.finish(timings.closeMs);
      return label;
    } catch (error) {
      exchange.abort(error);
      throw error;
    }
  });
}

/** Shortens a peer's label to one line that a list can show. */
export function readableLabel(text: string): string {
  return oneLine(text).slice(0, MAX_LABEL_CHARS);
}

/** Replaces control and formatting characters, which could end the line or disguise the name. */
function oneLine(label: string): string {
  return label.replace(/\p{C}+/gu, " ").trim();
}
