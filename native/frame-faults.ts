// Says in words what is wrong with a camera's frames, from the counters of a capture.

import { type CaptureCounters, FRAME_FAULTS, type FrameFault } from "./types.ts";

/** What every row of a repaired frame was decoded in spite of. Completes "its pictures have …". */
const REPAIRS: Readonly<Partial<Record<FrameFault, string>>> = {
  bytesBeforeRestart: "extra bytes before restart markers",
  restartNumbers: "restart markers out of sequence",
  restartInterval: "restart markers without their interval",
  noEndMarker: "no end marker",
  bytesBeforeEnd: "extra bytes before the end marker",
  noStartMarker: "no start marker",
  bytesBeforeStart: "extra bytes before the start marker",
  strayBytes: "stray bytes",
  sizeInHeader: "another size in their header",
  markedByDriver: "errors, as the driver reports",
};

/** Completes "its pictures are damaged: …". */
const DAMAGES: Readonly<Partial<Record<FrameFault, string>>> = {
  otherSize: "they have another size than the camera announced",
  unsupported: "they are coded in a way that is not supported",
  notJpeg: "they are no JPEG",
  lostPart: "parts of them are lost",
  wrongData: "their data is wrong",
  cutShort: "they are cut short",
  tooShort: "they are shorter than a frame",
  markedByDriver: "the driver reports errors",
};

/** @returns what the camera does to its frames, and that they are shown all the same; null where it does nothing */
export function habitOf({ repaired, faults }: CaptureCounters): string | null {
  const repair = repaired > 0 ? mostFrequent(REPAIRS, faults) : null;
  return repair === null ? null : `its pictures have ${repair}; they were repaired`;
}

/** @returns why frames are damaged; null where none is */
export function damageOf({ damaged, faults }: CaptureCounters): string | null {
  if (damaged === 0) return null;
  const damage = mostFrequent(DAMAGES, faults);
  return damage === null ? "its pictures are damaged" : `its pictures are damaged: ${damage}`;
}

function mostFrequent(
  sentences: Readonly<Partial<Record<FrameFault, string>>>,
  faults: CaptureCounters["faults"],
): string | null {
  const [first] = FRAME_FAULTS.filter(
    (fault) => sentences[fault] !== undefined && (faults[fault] ?? 0) > 0,
  ).sort((a, b) => (faults[b] ?? 0) - (faults[a] ?? 0));
  return first === undefined ? null : (sentences[first] ?? null);
}

export const NOTHING_CAPTURED: CaptureCounters = {
  captured: 0,
  faulty: 0,
  dropped: 0,
  delivered: 0,
  whole: 0,
  repaired: 0,
  damaged: 0,
  faults: {},
};

/** @returns the sums of both */
export function addCounters(a: CaptureCounters, b: CaptureCounters): CaptureCounters {
  return combine(a, b, (one, other) => one + other);
}

/** @returns what was counted since `last` */
export function countersSince(now: CaptureCounters, last: CaptureCounters): CaptureCounters {
  return combine(now, last, (one, other) => one - other);
}

/** @returns frames that could be shown, whether anybody took them or not */
export function usableFrames({ whole, repaired, damaged, faulty }: CaptureCounters): number {
  return whole + repaired + damaged - faulty;
}

function combine(
  a: CaptureCounters,
  b: CaptureCounters,
  apply: (one: number, other: number) => number,
): CaptureCounters {
  const faults: Partial<Record<FrameFault, number>> = {};
  for (const fault of FRAME_FAULTS) {
    const count = apply(a.faults[fault] ?? 0, b.faults[fault] ?? 0);
    if (count !== 0) faults[fault] = count;
  }
  return {
    captured: apply(a.captured, b.captured),
    faulty: apply(a.faulty, b.faulty),
    dropped: apply(a.dropped, b.dropped),
    delivered: apply(a.delivered, b.delivered),
    whole: apply(a.whole, b.whole),
    repaired: apply(a.repaired, b.repaired),
    damaged: apply(a.damaged, b.damaged),
    faults,
  };
}
