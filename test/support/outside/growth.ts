// Measures how the time of a reader grows with its input, within one run.

/** A reader of text from outside. What it returns does not matter, and errors are answers too. */
export type ReadText = (text: string) => unknown;

/** Four sizes, in characters. */
const SIZES = [1_500, 4_000, 10_000, 24_000] as const;
const LARGEST = SIZES[3];
/** Less is too little to measure. A search from each of 24,000 characters takes far more. */
const NEGLIGIBLE_MS = 4;
/** How much longer the largest size may take than as many characters in small texts. A quadratic reader takes 16 times. */
const MAX_GROWTH = 4;
const REPEATS = 3;
/** A busy machine may spoil some of them. */
const MEASUREMENTS = 8;

/** What hostile texts repeat: the characters and words that the readers look for. */
export const PUMPED: readonly string[] = [
  ...[
    "a",
    "A",
    "1",
    "f",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "/",
    ".",
    ":",
    "-",
    "_",
    "=",
    ";",
    ",",
    "<",
    "\\",
    '"',
  ],
  ...[
    "{",
    "[",
    "(",
    "}",
    "á",
    "😀",
    "\u2028",
    "\u0000",
    "1.",
    "1:",
    "a.",
    "a-",
    "A.",
    "a/",
    "./",
    "/dev/",
    "a:1 ",
  ],
  ...[
    ".local",
    "call:",
    "/p2p/",
    "xstate.done.actor.",
    "ufrag ",
    "a=ice-ufrag:",
    "a=fingerprint:a ",
    "data:x\n",
  ],
  ...["m=audio 9 X 0\r\n", "a=x\r\n", "a=mid:1\r\n", "a=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\n"],
  ...[
    "a=extmap:1",
    "a=rtcp-fb:0 x\r\n",
    '{"a":',
    '"a":1,',
    '["a",',
    "\\u0041",
    "usb:",
    "data: {}\n\n",
    "..",
    "a=b;",
  ],
];

/** `seed` with `pump` repeated at `at`, up to `size` characters. */
function pumped(seed: string, at: number, pump: string, size: number): string {
  return seed.slice(0, at) + pump.repeat(Math.ceil(size / pump.length)) + seed.slice(at);
}

/** Reads the text as often as makes the characters of the largest size, so that other programs disturb every size alike. */
function msOf(read: ReadText, text: string): number {
  const times = Math.max(1, Math.round(LARGEST / text.length));
  const startedAt = performance.now();
  for (let time = 0; time < times; time++) {
    try {
      read(text);
    } catch {
      // a refusal
    }
  }
  return performance.now() - startedAt;
}

/** The least of some measurements, because other programs and garbage collection only add. */
function leastMs(read: ReadText, text: string): number {
  return Math.min(...Array.from({ length: REPEATS }, () => msOf(read, text)));
}

function growthOf(read: ReadText, textOf: (size: number) => string): number {
  const largest = textOf(LARGEST);
  if (msOf(read, largest) < NEGLIGIBLE_MS || leastMs(read, largest) < NEGLIGIBLE_MS) return 1;
  const times = SIZES.map((size) => leastMs(read, textOf(size)));
  return (times[3] ?? 0) / Math.min(...times);
}

/** @returns the least growth of several measurements, if it is too high in each of them; null otherwise */
export function excessiveGrowth(read: ReadText, textOf: (size: number) => string): number | null {
  let least = Infinity;
  for (let measurement = 0; measurement < MEASUREMENTS; measurement++) {
    least = Math.min(least, growthOf(read, textOf));
    if (least <= MAX_GROWTH) return null;
  }
  return least;
}

/** Feeds the reader with every seed, pumped at some places. @returns a sentence for each shape that grows too fast */
export function findGrowth(read: ReadText, seeds: readonly string[]): string[] {
  const found: string[] = [];
  for (const seed of ["", ...seeds]) {
    for (const at of placesIn(seed)) {
      for (const pump of PUMPED) {
        const growth = excessiveGrowth(read, (size) => pumped(seed, at, pump, size));
        if (growth === null) continue;
        const shape = `${JSON.stringify(pump)} repeated at ${at} of ${JSON.stringify(seed.slice(0, 60))}`;
        found.push(`${shape} takes ${growth.toFixed(0)} times as long in one text as in small ones`);
      }
    }
  }
  return found;
}

const MAX_PLACES = 1;

/** The ends, and places in between, where a word begins or ends. */
function placesIn(seed: string): number[] {
  const edges = Array.from(seed.matchAll(/\b/g), ({ index }) => index);
  const step = Math.max(1, Math.floor(edges.length / (MAX_PLACES + 1)));
  const some = edges.filter((_, nth) => nth > 0 && nth % step === 0).slice(0, MAX_PLACES);
  return [...new Set([0, ...some, seed.length])];
}
