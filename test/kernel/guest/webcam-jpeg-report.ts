// Runs inside the kernel machine: `capture-test` with v4l2loopback as a webcam whose frames are clean, then with zeros before
// every restart marker, then damaged. Prints one line of JSON, which test/kernel/webcam-jpeg.test.ts checks.

import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOOPBACK_ID } from "./emulated-plugin.ts";
import { WebcamFeed, type WebcamKind } from "./webcam-feed.ts";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const MAIN = fileURLToPath(new URL("../../../dist/plugin/main.js", import.meta.url));
const LIMIT_MS = 120_000;

export type WebcamJpegReport = Awaited<ReturnType<typeof report>>;

async function report() {
  const feed = new WebcamFeed();
  try {
    const captured = async (kind: WebcamKind) => {
      feed.send(kind);
      const output = await captureTest();
      process.stderr.write(`${Math.round(performance.now())} ms: captured ${kind}\n`);
      return output;
    };
    return {
      clean: await captured("clean"),
      stuffed: await captured("stuffed"),
      damaged: await captured("damaged"),
    };
  } finally {
    feed.close();
  }
}

function captureTest(): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), "capture-"));
  const args = [
    "capture-test",
    "--camera",
    LOOPBACK_ID,
    "--microphone",
    "none",
    "--seconds",
    "5",
    "--out",
    out,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: LIMIT_MS }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
process.exit(0);
