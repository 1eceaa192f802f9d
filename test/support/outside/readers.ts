// Every reader of text that a peer, a page, a host or a file can choose, with texts that it accepts. test/unit/outside measures
// them, test/fuzz changes the texts, and an architecture test refuses a reader that is missing here.

import { callReaders } from "./readers/call-readers.ts";
import { hostReaders } from "./readers/host-readers.ts";
import { signallingReaders } from "./readers/signalling-readers.ts";
import { viewReaders } from "./readers/view-readers.ts";

export interface OutsideReader {
  readonly name: string;
  /** Files of the product that it runs, which read text with a regular expression or as JSON. */
  readonly sources: readonly string[];
  readonly seeds: readonly string[];
  /** Throws only errors of these names. A reader without any never throws. */
  readonly refusals: readonly string[];
  read(text: string): unknown;
}

export const OUTSIDE_READERS: readonly OutsideReader[] = [
  ...callReaders,
  ...signallingReaders,
  ...hostReaders,
  ...viewReaders,
];
