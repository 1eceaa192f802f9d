// The shapes in which cameras, drivers and cables deliver JPEG, and what a decoder should make of each. They follow public
// reports of webcams.

import type { JpegBases, JpegKind, PictureSize } from "./jpeg-bases.ts";
import * as edit from "./jpeg-edits.ts";

export interface JpegShape {
  readonly name: string;
  /** The clean picture that it was made from. */
  readonly base: JpegKind;
  readonly bytes: Uint8Array;
  readonly quality: "whole" | "repaired" | "damaged";
  /** The only fault, or the one that matters; none for whole frames. */
  readonly fault?: string;
  /** For damaged frames that are shown: the share of the rows that must be those of the clean picture, 0 to 1. */
  readonly cleanRows?: number;
  /** djpeg makes a worse picture of it than the clean one, or none. */
  readonly isWorseWithDjpeg?: boolean;
}

type Shape = Omit<JpegShape, "base">;
const whole = (name: string, bytes: Uint8Array): Shape => ({ name, bytes, quality: "whole" });
const repaired = (name: string, fault: string, bytes: Uint8Array): Shape => ({
  name,
  bytes,
  quality: "repaired",
  fault,
});
const unlikeDjpeg = (shape: Shape): Shape => ({ ...shape, isWorseWithDjpeg: true });
const partly = (name: string, fault: string, cleanRows: number, bytes: Uint8Array): Shape => ({
  name,
  bytes,
  quality: "damaged",
  fault,
  cleanRows,
});
const lost = (name: string, fault: string, bytes: Uint8Array): Shape => ({
  name,
  bytes,
  quality: "damaged",
  fault,
});

/** All shapes, of pictures of one size. */
export function makeShapes(bases: JpegBases, size: PictureSize): JpegShape[] {
  const kinds: [JpegKind, Shape[]][] = [
    ["plain", [...whole422(bases.plain), ...endings(bases.plain), ...beginnings(bases.plain)]],
    [
      "plain",
      [
        ...headers(bases.plain, size),
        ...refused(bases, size),
        ...cuts(bases.plain),
        ...wrongBytes(bases.plain),
      ],
    ],
    ["restarts", [...stuffed(bases.restarts), ...numbers(bases.restarts), ...gaps(bases.restarts)]],
    ["restartsTwoRows", [whole("restart markers for two rows each", bases.restartsTwoRows)]],
    ["restartsFourMcus", withinRows(bases.restartsFourMcus)],
    [
      "restarts420",
      [
        repaired(
          "4:2:0 with zeros before restart markers",
          "bytesBeforeRestart",
          edit.beforeRestarts(bases.restarts420, [0, 0]),
        ),
      ],
    ],
    ["optimized", [whole("Huffman tables of its own", bases.optimized)]],
    [
      "progressive",
      [
        whole("progressive", bases.progressive),
        lost("progressive and cut", "cutShort", bases.progressive.subarray(0, bases.progressive.length >> 1)),
      ],
    ],
    ["oneScanEach", [whole("a scan for each component", bases.oneScanEach)]],
    ...(["plain420", "plain444", "plain440", "plain411", "grey"] as const).map(
      (kind): [JpegKind, Shape[]] => [
        kind,
        [
          whole(`${kind} as it is`, bases[kind]),
          repaired(`${kind} without end marker`, "noEndMarker", bases[kind].subarray(0, -2)),
        ],
      ],
    ),
  ];
  return kinds.flatMap(([base, shapes]) => shapes.map((shape) => ({ ...shape, base })));
}

function whole422(jpeg: Uint8Array): Shape[] {
  const { scanHeader, end } = edit.partsOf(jpeg);
  const application = [0xff, 0xe1, 0, 8, 1, 2, 3, 4, 5, 6];
  const avi1 = [0xff, 0xe0, 0, 16, ...Buffer.from("AVI1"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  // A whole small JPEG inside a segment, as in EXIF.
  const thumbnail = [0xff, 0xe1, (jpeg.length + 2) >> 8, (jpeg.length + 2) & 255, ...jpeg];
  return [
    whole("as it is", jpeg),
    whole("without Huffman tables", edit.withoutSegments(jpeg, 0xc4)),
    whole(
      "AVI1 without Huffman tables",
      edit.insert(edit.withoutSegments(edit.withoutSegments(jpeg, 0xc4), 0xe0), 2, avi1),
    ),
    whole("application data and a comment", edit.insert(jpeg, 2, [...application, 0xff, 0xfe, 0, 4, 65, 66])),
    whole("a thumbnail in its application data", edit.insert(jpeg, 2, thumbnail)),
    whole("fill bytes before its segments", edit.insert(jpeg, scanHeader, [0xff, 0xff, 0xff])),
    whole("fill bytes before its end marker", edit.insert(jpeg, end, [0xff, 0xff])),
    whole("two end markers", edit.insert(jpeg, jpeg.length, [0xff, 0xd9])),
    whole("zeros behind it", edit.insert(jpeg, jpeg.length, new Uint8Array(4096))),
    whole("garbage behind it", edit.insert(jpeg, jpeg.length, [7, 0xff, 0xda, 9, 0xff, 0xc4, 1])),
    whole("a second picture behind it", edit.insert(jpeg, jpeg.length, jpeg)),
    whole(
      "half of the next picture behind it",
      edit.insert(jpeg, jpeg.length, jpeg.subarray(0, jpeg.length >> 1)),
    ),
  ];
}

function endings(jpeg: Uint8Array): Shape[] {
  const { end } = edit.partsOf(jpeg);
  return [
    repaired("without end marker", "noEndMarker", jpeg.subarray(0, end)),
    repaired("half an end marker", "noEndMarker", jpeg.subarray(0, end + 1)),
    repaired(
      "zeros instead of its end marker",
      "noEndMarker",
      edit.insert(jpeg.subarray(0, end), end, new Uint8Array(700)),
    ),
    unlikeDjpeg(
      repaired(
        "the next picture instead of its end marker",
        "noEndMarker",
        edit.insert(jpeg.subarray(0, end), end, jpeg),
      ),
    ),
    repaired(
      "stray bytes before its end marker",
      "bytesBeforeEnd",
      edit.insert(jpeg, end, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ),
    repaired(
      "a page of zeros before its end marker",
      "bytesBeforeEnd",
      edit.insert(jpeg, end, new Uint8Array(4096)),
    ),
  ];
}

function beginnings(jpeg: Uint8Array): Shape[] {
  const cut = jpeg.subarray(0, jpeg.length >> 2);
  return [
    unlikeDjpeg(repaired("two start markers", "strayBytes", edit.insert(jpeg, 2, [0xff, 0xd8]))),
    unlikeDjpeg(repaired("without start marker", "noStartMarker", jpeg.subarray(2))),
    unlikeDjpeg(repaired("half a start marker", "noStartMarker", jpeg.subarray(1))),
    unlikeDjpeg(
      repaired("zeros before its start marker", "bytesBeforeStart", edit.insert(jpeg, 0, new Uint8Array(5))),
    ),
    unlikeDjpeg(
      repaired(
        "the end of another frame before it",
        "bytesBeforeStart",
        edit.insert(jpeg, 0, jpeg.subarray(-300)),
      ),
    ),
    unlikeDjpeg(
      repaired("a quarter of another picture before it", "bytesBeforeStart", Buffer.concat([cut, jpeg])),
    ),
  ];
}

function headers(jpeg: Uint8Array, { width, height }: PictureSize): Shape[] {
  const { scanHeader, end } = edit.partsOf(jpeg);
  const quantisation = edit.segmentAt(jpeg, 0xdb);
  const lines = [0xff, 0xdc, 0, 4, height >> 8, height & 255];
  const frameHeader = edit.segmentAt(jpeg, 0xc0);
  const second = jpeg.subarray(frameHeader, frameHeader + 2 + edit.word(jpeg, frameHeader + 2));
  return [
    repaired(
      "garbage between its segments",
      "strayBytes",
      edit.insert(jpeg, quantisation, [1, 2, 3, 0xff, 0, 4]),
    ),
    repaired("a restart marker in its header", "strayBytes", edit.insert(jpeg, scanHeader, [0xff, 0xd3])),
    unlikeDjpeg(repaired("two frame headers", "strayBytes", edit.insert(jpeg, scanHeader, second))),
    unlikeDjpeg(repaired("height 0", "sizeInHeader", edit.withSize(jpeg, width, 0))),
    unlikeDjpeg(
      repaired(
        "its height in a DNL segment",
        "sizeInHeader",
        edit.insert(edit.withSize(jpeg, width, 0), end, lines),
      ),
    ),
    unlikeDjpeg(
      repaired("a few lines fewer in its header", "sizeInHeader", edit.withSize(jpeg, width, height - 5)),
    ),
    unlikeDjpeg(
      repaired("a few columns fewer in its header", "sizeInHeader", edit.withSize(jpeg, width - 9, height)),
    ),
  ];
}

function refused({ plain, arithmetic }: JpegBases, { width, height }: PictureSize): Shape[] {
  const { scan, end } = edit.partsOf(plain);
  const frameHeader = edit.segmentAt(plain, 0xc0);
  return [
    lost("of no bytes", "notJpeg", new Uint8Array(0)),
    lost("of one byte", "notJpeg", plain.subarray(0, 1)),
    lost("zeros", "notJpeg", new Uint8Array(plain.length)),
    lost("fill bytes", "notJpeg", new Uint8Array(plain.length).fill(0xff)),
    lost("only markers", "notJpeg", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)),
    lost("cut in its header", "cutShort", plain.subarray(0, frameHeader + 6)),
    lost("cut at its scan", "cutShort", plain.subarray(0, scan + 1)),
    lost(
      "an end marker instead of its scan",
      "notJpeg",
      Buffer.concat([plain.subarray(0, frameHeader), plain.subarray(end)]),
    ),
    lost("half as high", "otherSize", edit.withSize(plain, width, height / 2)),
    lost("twice as wide", "otherSize", edit.withSize(plain, width * 2, height)),
    lost("without quantisation tables", "wrongData", edit.withoutSegments(plain, 0xdb)),
    lost("without frame header", "notJpeg", edit.withoutSegments(plain, 0xc0)),
    lost("arithmetic coding", "unsupported", arithmetic),
    lost("12 bits a sample", "unsupported", edit.overwrite(plain, frameHeader + 4, 12)),
    lost("lossless", "unsupported", edit.overwrite(plain, frameHeader + 1, 0xc3)),
    lost("hierarchical", "unsupported", edit.overwrite(plain, frameHeader + 1, 0xc5)),
    lost("four components", "unsupported", edit.overwrite(plain, frameHeader + 9, 4)),
    lost("another scan in the middle", "wrongData", edit.overwrite(plain, (scan + end) >> 1, 0xff, 0xda)),
    lost("an end marker in the middle", "wrongData", edit.overwrite(plain, (scan + end) >> 1, 0xff, 0xd9)),
  ];
}

/** What came is shown once it is most of the picture. The picture has about as many bytes above as below. */
function cuts(jpeg: Uint8Array): Shape[] {
  const { scan, end } = edit.partsOf(jpeg);
  return [5, 15, 25, 35, 45, 65, 75, 85, 95, 99].map((percent) => {
    const bytes = jpeg.subarray(0, Math.floor(scan + ((end - scan) * percent) / 100));
    const name = `cut after ${percent} % of its data`;
    return percent < 50
      ? lost(name, "cutShort", bytes)
      : partly(name, "cutShort", (percent - 10) / 100, bytes);
  });
}

/** Without restart markers nothing tells where it began to be wrong. */
function wrongBytes(jpeg: Uint8Array): Shape[] {
  const { scan, end } = edit.partsOf(jpeg);
  const middle = (scan + end) >> 1;
  return [
    lost("a thousand bytes lost", "wrongData", edit.remove(jpeg, middle, middle + 1000)),
    lost("a packet of zeros", "wrongData", edit.overwrite(jpeg, middle, ...new Uint8Array(800))),
  ];
}

function stuffed(jpeg: Uint8Array): Shape[] {
  const fault = "bytesBeforeRestart";
  const { restarts, end } = edit.partsOf(jpeg);
  return [
    whole("restart markers", jpeg),
    whole("fill bytes before restart markers", edit.beforeRestarts(jpeg, [0xff, 0xff])),
    whole(
      "a restart marker behind its last interval",
      edit.insert(jpeg, end, [0xff, 0xd0 + (restarts.length & 7)]),
    ),
    repaired("a zero before every restart marker", fault, edit.beforeRestarts(jpeg, [0])),
    repaired("two zeros before every restart marker", fault, edit.beforeRestarts(jpeg, [0, 0])),
    repaired(
      "ten zeros before every other restart marker",
      fault,
      edit.beforeRestarts(jpeg, new Array(10).fill(0), (index) => index % 2 === 0),
    ),
    repaired("other bytes before restart markers", fault, edit.beforeRestarts(jpeg, [1, 0xab, 3])),
    repaired("a coded FF before restart markers", fault, edit.beforeRestarts(jpeg, [0xff, 0])),
    repaired(
      "zeros before restart markers and no end marker",
      "noEndMarker",
      edit.beforeRestarts(jpeg, [0, 0]).subarray(0, -2),
    ),
  ];
}

function numbers(jpeg: Uint8Array): Shape[] {
  const { restarts, scanHeader } = edit.partsOf(jpeg);
  const interval = edit.segmentAt(jpeg, 0xdd);
  return [
    unlikeDjpeg(
      repaired(
        "all restart markers with number 0",
        "restartNumbers",
        edit.renumbered(jpeg, () => 0),
      ),
    ),
    unlikeDjpeg(
      repaired(
        "restart markers that count from 1",
        "restartNumbers",
        edit.renumbered(jpeg, (index) => index + 1),
      ),
    ),
    unlikeDjpeg(
      repaired(
        "two restart markers exchanged",
        "restartNumbers",
        edit.renumbered(jpeg, (index) => (index === 4 ? 5 : index === 5 ? 4 : index)),
      ),
    ),
    unlikeDjpeg(
      repaired(
        "restart markers without their interval",
        "restartInterval",
        edit.remove(jpeg, interval, interval + 6),
      ),
    ),
    lost(
      "restart markers without their interval, and cut",
      "wrongData",
      edit.remove(jpeg, interval, interval + 6).subarray(0, restarts[11] ?? scanHeader),
    ),
  ];
}

function gaps(jpeg: Uint8Array): Shape[] {
  const { restarts, scan, end } = edit.partsOf(jpeg);
  const at = (index: number) => restarts[index] ?? end;
  const within = Math.floor((at(6) + at(7)) / 2);
  const share = (rows: number) => 1 - rows / (restarts.length + 1);
  return [
    partly("a lost interval", "lostPart", share(2), edit.remove(jpeg, at(3), at(4))),
    partly("three lost intervals", "lostPart", share(4), edit.remove(jpeg, at(3), at(6))),
    partly(
      "a packet lost across restart markers",
      "lostPart",
      share(4),
      edit.remove(jpeg, within, Math.floor((at(8) + at(9)) / 2)),
    ),
    partly("a packet lost within an interval", "wrongData", share(1), edit.remove(jpeg, within, at(7) - 10)),
    partly(
      "an interval of zeros",
      "wrongData",
      share(1),
      edit.overwrite(jpeg, at(4) + 2, ...new Uint8Array(at(5) - at(4) - 2)),
    ),
    partly("another marker in an interval", "wrongData", share(1), edit.overwrite(jpeg, within, 0xff, 0xc4)),
    partly(
      "a start marker in an interval",
      "wrongData",
      share(1),
      edit.overwrite(jpeg, within, 0xff, 0xd8, 0x12),
    ),
    partly(
      "cut behind a restart marker",
      "cutShort",
      12 / (restarts.length + 1) - 0.01,
      jpeg.subarray(0, at(11) + 2),
    ),
    lost("most of its intervals lost", "lostPart", edit.remove(jpeg, at(1), at(8))),
    lost("cut behind its first interval", "cutShort", jpeg.subarray(0, at(0))),
    lost(
      "only markers in its scan",
      "wrongData",
      Buffer.concat([jpeg.subarray(0, scan), jpeg.subarray(end)]),
    ),
  ];
}

function withinRows(jpeg: Uint8Array): Shape[] {
  const { restarts } = edit.partsOf(jpeg);
  const rows = 16;
  const at = (index: number) => restarts[index] ?? 0;
  return [
    whole("restart markers within its rows", jpeg),
    repaired(
      "zeros before restart markers within its rows",
      "bytesBeforeRestart",
      edit.beforeRestarts(jpeg, [0, 0, 0]),
    ),
    partly("a lost interval within a row", "lostPart", 1 - 2 / rows, edit.remove(jpeg, at(10), at(11))),
  ];
}
