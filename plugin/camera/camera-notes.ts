// Notes why the pictures of a camera could not be shown, for `doctor`, which opens no camera. The file is in the user's runtime
// folder, so it lasts for a login session.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { today } from "../common/clock.ts";
import { makeFolderSync } from "../common/make-folder.ts";

const HOURS_AND_MINUTES = 5;

const cameraNoteSchema = z.strictObject({
  camera: z.string(),
  /** Completes "the camera …": "its pictures are damaged: they are cut short". */
  reason: z.string(),
  /** Local time of the day, such as 09:30. */
  at: z.string(),
});
/** The newest note. */
export type CameraNote = z.infer<typeof cameraNoteSchema>;

export interface CameraNotes {
  /** Replaces the note. */
  keep(camera: string, reason: string): void;
  /** Removes the note if it is about this camera, whose pictures are fine again. */
  clear(camera: string): void;
}

export const NO_CAMERA_NOTES: CameraNotes = { keep: () => undefined, clear: () => undefined };

/** @param path see {@link cameraNotePath}. A note that cannot be written is left out: calls do not depend on it. */
export function createCameraNotes(path: string): CameraNotes {
  return {
    keep(camera, reason) {
      const note: CameraNote = { camera, reason, at: today().toTimeString().slice(0, HOURS_AND_MINUTES) };
      attempt(() => {
        makeFolderSync(dirname(path));
        writeFileSync(`${path}.new`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
        renameSync(`${path}.new`, path);
      });
    },
    clear(camera) {
      if (parseCameraNote(readOrNull(path))?.camera === camera) attempt(() => rmSync(path, { force: true }));
    },
  };
}

/** @param runtimeFolder the plugin's, see plugin/diagnostics */
export function cameraNotePath(runtimeFolder: string): string {
  return `${runtimeFolder}/camera-note`;
}

/** @returns null for anything but a note */
export function parseCameraNote(text: string | null): CameraNote | null {
  if (text === null) return null;
  try {
    return cameraNoteSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // not JSON
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // there is no note
  }
}

function attempt(write: () => void): boolean {
  try {
    write();
    return true;
  } catch {
    return false; // no such folder, or a full disk
  }
}
