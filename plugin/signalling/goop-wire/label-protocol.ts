// /goop/content/1.0.0: a peer that is asked writes its label, one line, and closes. The host also uses it to see
// whether we are there: a peer that does not answer is disconnected.

import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { ByteStream } from "../node.ts";
import type { Timings } from "../timings.ts";
import { LineDecoder } from "./decoders.ts";
import { Exchange } from "./exchange.ts";

/** libp2p protocol id, the host's own. */
export const LABEL_PROTOCOL = "/goop/content/1.0.0";

/** The host allows labels of 4096 bytes at its rendezvous server. */
const MAX_LABEL_BYTES = 8_192;
/** What a contact list can show. */
const MAX_LABEL_CHARS = 128;

/** Ends the stream on every path. Never rejects: a label that was not served is a line in the log. */
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
    log("debug", `label not served: ${errorText(error)}`);
    exchange.abort(error);
    return;
  }
  await exchange.finish(timings.closeMs);
}

/** @throws Error when the peer does not say its label in time */
export async function askLabel(
  open: (signal: AbortSignal) => Promise<ByteStream>,
  timings: Timings,
  abort: AbortSignal,
): Promise<string> {
  return withDeadline(timings.labelMs, abort, "asking for a label", async (signal) => {
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

/** A label that came from elsewhere, fit for a list. */
export function readableLabel(text: string): string {
  return oneLine(text).slice(0, MAX_LABEL_CHARS);
}

/** Control and formatting characters could end the line or disguise the name. */
function oneLine(label: string): string {
  return label.replace(/\p{C}+/gu, " ").trim();
}
