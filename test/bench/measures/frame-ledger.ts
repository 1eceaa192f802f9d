// Accounts for the frames of one direction of one call, from the sender's camera to the receiver's canvas, and checks the sum.
// The counts are read after the sender's camera was closed, when no frame is in transit.

import type { FrameCounts } from "../../../rpc-schema/index.ts";

export interface LedgerCounts {
  /** Sender: frames that the camera delivered, and those of them that the capture dropped. */
  readonly captured: number;
  readonly captureDropped: number;
  /** Sender: passed to WebRTC's source. */
  readonly sent: number;
  /** Sender: black pictures passed to WebRTC's source while the camera sent none. Older plugins do not count them. */
  readonly placeholders?: number | undefined;
  /** Receiver: from WebRTC's sink. */
  readonly received: number;
  /** Receiver: of the source `remote`. */
  readonly remote: FrameCounts;
  /** Events of the page. */
  readonly drawn: number;
}

export interface LedgerLine {
  readonly what: string;
  readonly count: number;
}

export interface Ledger {
  readonly lines: readonly LedgerLine[];
  /** One sentence for each error; empty when the sum closes. */
  readonly faults: readonly string[];
}

/** A frame that waits when the camera closes is returned unseen. So are frames before the connection takes them. */
export function closeLedger(counts: LedgerCounts): Ledger {
  const { captured, captureDropped, sent, placeholders = 0, received, remote, drawn } = counts;
  const { offered, unwatched, paced, replaced, failed, written, waiting } = remote;
  const unsent = captured - captureDropped - sent;
  const inWebRtc = sent + placeholders - received;
  const inPage = written - drawn;
  const faults: string[] = [];
  const expect = (holds: boolean, text: string): void => {
    if (!holds) faults.push(text);
  };
  expect(unsent >= 0, `${sent} sent of ${captured} captured, ${captureDropped} dropped`);
  expect(inWebRtc >= 0, `${received} received of ${sent + placeholders} sent`);
  expect(offered === received, `${offered} offered to streams of ${received} received`);
  expect(
    offered === unwatched + paced + replaced + failed + written + waiting,
    `the fates of ${offered} offered pictures do not sum up`,
  );
  expect(waiting === 0, `${waiting} still waiting at rest`);
  expect(inPage >= 0, `${drawn} drawn of ${written} written`);
  const lines = [
    { what: "captured", count: captured },
    { what: "  dropped by the capture", count: captureDropped },
    { what: "  not sent (before the connection, at the close)", count: unsent },
    { what: "sent (given to WebRTC)", count: sent },
    { what: "placeholders (given to WebRTC)", count: placeholders },
    { what: "  dropped by WebRTC", count: inWebRtc },
    { what: "received (from WebRTC)", count: received },
    { what: "  unwatched (before the page subscribed)", count: unwatched },
    { what: "  left out to keep maxFps", count: paced },
    { what: "  replaced by a newer one", count: replaced },
    { what: "  failed", count: failed },
    { what: "encoded and written", count: written },
    { what: "  overtaken in the page", count: inPage },
    { what: "drawn", count: drawn },
  ];
  const dropped = lines.filter(({ what }) => what.startsWith(" ")).reduce((sum, { count }) => sum + count, 0);
  const made = captured + placeholders;
  expect(made === drawn + dropped, `${made} captured or made, but ${drawn} drawn and ${dropped} dropped`);
  return { lines, faults };
}

/** Share of drawn frames among those captured between the first and the last drawn one, by their 16-bit numbers. */
export function drawnShare(sequences: readonly number[]): number {
  let captured = 1;
  for (let index = 1; index < sequences.length; index += 1) {
    captured += ((sequences[index] ?? 0) - (sequences[index - 1] ?? 0) + 0x1_0000) & 0xffff;
  }
  return sequences.length === 0 ? 0 : new Set(sequences).size / captured;
}
