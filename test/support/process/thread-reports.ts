// Filters ThreadSanitizer's reports of a Node process. Node is not built with it, so the sanitizer sees Node's memory accesses but
// not its locks. A report counts only when the add-on's own, sanitized code makes both accesses.

const ADDON = /\(call(?:native|pipewire|x11)\.node\+/;
/**
 * Frames on top of the caller's stack: the sanitizer's own versions of functions such as memset, and libXau, whose functions the
 * caller must not run at once.
 */
const CALLED = /\(lib(?:[at]san|Xau)\.so/;

/** @returns reports in which both accesses are the add-on's, and reports of other kinds that involve the add-on */
export function addonRaces(stderr: string): string[] {
  return stderr.split(/^={18}$/m).filter((report) => {
    if (!report.includes("WARNING: ThreadSanitizer")) return false;
    if (!report.includes("data race")) return ADDON.test(report);
    const [first, second] = accessesOf(report).map(isOfAddon);
    return first === true && second === true;
  });
}

/** The stacks of the two accesses, as lists of frames. */
function accessesOf(report: string): string[][] {
  const parts = report.split(/\n\n/);
  const accesses = parts.filter((part) =>
    /^\s*(WARNING[^\n]*\n\s*)?(Previous |Atomic )?(atomic )?(write|read) of size/im.test(part),
  );
  return accesses.map((part) => part.split("\n").filter((line) => /^\s+#\d+ /.test(line)));
}

function isOfAddon(frames: readonly string[]): boolean {
  return ADDON.test(frames.find((frame) => !CALLED.test(frame)) ?? "");
}
