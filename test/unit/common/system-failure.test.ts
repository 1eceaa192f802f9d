// The system's refusals in words, which of them pass, and the library that stands in the way of ours.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CaptureError } from "../../../native/types.ts";
import { loadNativeOrExplain } from "../../../plugin/app/engines.ts";
import { libraryInTheWay } from "../../../plugin/common/library-path.ts";
import { FileError, failureText, isExhaustion } from "../../../plugin/common/system-failure.ts";
import { isPlain } from "../../../plugin/ui/error-sentences.ts";

const failed = (code: string, message = `${code}: something failed, open '/x'`) =>
  Object.assign(new Error(message), { code });

/** Every errno that a full, broken or forbidden disk, or a used-up limit, gives. */
const CODES = [
  ...["EMFILE", "ENFILE", "EAGAIN", "ENOMEM", "ENOSPC", "EDQUOT"],
  ...["EFBIG", "EROFS", "EIO", "EACCES", "EPERM", "ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG"],
];

describe("a refusal of the system", () => {
  for (const code of CODES) {
    test(`${code} has a reason and a remedy in plain words`, () => {
      const { message } = new FileError(
        "The bug report",
        "/home/bob/a.json",
        "cannot be written",
        failed(code),
      );
      assert.match(
        message,
        new RegExp(`^The bug report /home/bob/a\\.json cannot be written: .+ \\(${code}\\)\\. .+\\.$`),
      );
      assert.ok(isPlain(message), message);
    });
  }

  test("of another kind keeps its own text", () => {
    assert.equal(failureText(failed("EWEIRD", "EWEIRD: odd")), "EWEIRD: odd");
    assert.equal(failureText("no error"), "no error");
  });

  test("passes only if a limit is reached, also as the cause of another error", () => {
    for (const code of CODES) assert.equal(isExhaustion(failed(code)), CODES.indexOf(code) < 6, code);
    assert.ok(isExhaustion(new Error("no picture", { cause: failed("EMFILE") })));
    assert.ok(isExhaustion(failed("ERR_WORKER_INIT_FAILED", "Worker initialization failure: EAGAIN")));
    const details = { operation: "opendir", path: "/dev" };
    assert.ok(isExhaustion(new CaptureError("no camera", { ...details, errno: "EMFILE" })));
    assert.ok(!isExhaustion(new CaptureError("no camera", { ...details, errno: "EBUSY" })));
    assert.ok(!isExhaustion(new Error("EMFILE")));
  });

  test("by the real system is recognised", () => {
    assert.throws(
      () => readFileSync("/nonexistent/file"),
      (error) => failureText(error) === "it does not exist (ENOENT). Check the path",
    );
  });
});

describe("a library in the way", () => {
  const FOLDER = "/tmp/.mount_app/usr/lib";
  const list = (names: readonly string[]) => (folder: string) => (folder === FOLDER ? names : []);

  test("is the one that the loader names, or else one that the engines use", () => {
    const found = libraryInTheWay(
      "/p/callnative.node: libyuv.so.0: cannot open shared object file",
      `:/nowhere:${FOLDER}`,
      list(["libstdc++.so.6", "libyuv.so.0"]),
    );
    assert.equal(
      found?.reason,
      `LD_LIBRARY_PATH puts ${FOLDER}/libyuv.so.0 in the place of the system's library`,
    );
    assert.match(found?.remedy ?? "", /env -u LD_LIBRARY_PATH/);
    const symbol = "/p/callnative.node: undefined symbol: tj3Init";
    assert.match(
      libraryInTheWay(symbol, FOLDER, list(["libgtk.so", "libturbojpeg.so.0"]))?.reason ?? "",
      /turbojpeg/,
    );
  });

  test("is none without the variable, and none if its folders hold other libraries", () => {
    const symbol = "/p/callnative.node: undefined symbol: tj3Init";
    assert.equal(libraryInTheWay(symbol, undefined, list(["libturbojpeg.so.0"])), null);
    assert.equal(libraryInTheWay(symbol, FOLDER, list(["libgtk-3.so.0"])), null);
  });

  test("is the reason and the remedy when the addon does not load", () => {
    const load = () => {
      throw new Error(`${FOLDER}/libstdc++.so.6: version GLIBCXX_3.4.32 not found`);
    };
    const { whyNoCalls, remedy } = loadNativeOrExplain(undefined, load);
    assert.deepEqual(
      [whyNoCalls, remedy],
      [`${FOLDER}/libstdc++.so.6: version GLIBCXX_3.4.32 not found`, null],
    );
  });
});
