// The note about a camera whose pictures could not be shown: written and removed by the captures, read by the doctor.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { cameraNotePath, createCameraNotes, parseCameraNote } from "../../../plugin/camera/camera-notes.ts";

const work = mkdtempSync(join(tmpdir(), "camera-notes-"));
after(() => rm(work, { recursive: true }));

describe("the note about a camera", () => {
  test("has the newest reason, for this user only, and goes when that camera gives frames again", () => {
    const path = cameraNotePath(join(work, "runtime"));
    const notes = createCameraNotes(path);
    notes.clear("Webcam");
    notes.keep("Other", "its pictures are damaged");
    notes.keep("Webcam", "its pictures are damaged: they are no JPEG");
    assert.equal(statSync(path).mode & 0o077, 0);
    notes.clear("Other");
    const note = parseCameraNote(readFileSync(path, "utf8"));
    assert.deepEqual([note?.camera, note?.reason], ["Webcam", "its pictures are damaged: they are no JPEG"]);
    notes.clear("Webcam");
    assert.throws(() => readFileSync(path), { code: "ENOENT" });
  });

  test("that cannot be written is left out", () => {
    const file = join(work, "file");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    const notes = createCameraNotes(cameraNotePath(file));
    notes.keep("Webcam", "its pictures are damaged");
    notes.clear("Webcam");
  });

  test("is none for other text", () => {
    for (const text of [null, "", "{", "[]", '{"camera":"Webcam"}'])
      assert.equal(parseCameraNote(text), null);
  });
});
