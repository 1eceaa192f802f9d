// The kept pictures of the page's states: reads, writes and compares them.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { writeIndexedPng } from "./indexed-png.ts";

/** Above the error of a palette's colours, and below the contrast of any text. From 0 to 1. */
const THRESHOLD = 0.12;
/** A window of this many pixels, on the sheet as it is kept, is about the size of a button. */
const WINDOW = 24;
/** Part of a window that may differ. Other versions of fonts and browsers shift letters a little, and never move a button. */
export const MAX_DIFFERENCE = 0.25;

const folder = new URL("../../../browser/states/", import.meta.url);

/** @returns the path of a kept picture, such as `…/states/chromium/in-calls/video.png` */
export function keptPath(engine: string, group: string, name: string): string {
  return fileURLToPath(new URL(`${engine}/${group}/${name}.png`, folder));
}

/** Writes the picture in few colours. @param png a screenshot */
export async function keepPicture(path: string, png: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, writeIndexedPng(PNG.sync.read(png)));
}

/**
 * Compares a screenshot with its kept picture.
 * @returns the largest part of a small window that differs, from 0 to 1, and a PNG that shows the differences in red
 * @throws Error when there is no kept picture, or one of another size
 */
export async function compareWithKept(
  path: string,
  png: Buffer,
): Promise<{ difference: number; shown: () => Buffer }> {
  const kept = PNG.sync.read(await readFile(path));
  const now = PNG.sync.read(png);
  const { width, height } = kept;
  if (now.width !== width || now.height !== height) {
    throw new Error(`${path} has ${width} x ${height} pixels, the page now has ${now.width} x ${now.height}`);
  }
  const options = { threshold: THRESHOLD, windowSize: WINDOW };
  const worst = pixelmatch(kept.data, now.data, undefined, width, height, options);
  return {
    difference: worst / WINDOW ** 2,
    shown() {
      const shown = new PNG({ width, height });
      pixelmatch(kept.data, now.data, shown.data, width, height, { threshold: THRESHOLD });
      return PNG.sync.write(shown);
    },
  };
}
