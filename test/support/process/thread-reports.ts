// Sorts ThreadSanitizer's reports of a Node process: Node is not built with it, so it sees Node's memory being used, and not how
// Node guards it. What counts is where both accesses are made by the addon's own, sanitized code.

const ADDON = "(callnative.node+";
/** The sanitizer's own replacements for functions such as memset, on top of the stack of whoever called them. */
const INTERCEPTOR = /\(lib[at]san\.so/;

/** @returns reports of which both accesses are the addon's; reports of other kinds that touch the addon at all */
export function addonRaces(stderr: string): string[] {
  return stderr.split(/^={18}$/m).filter((report) => {
    if (!report.includes("WARNING: ThreadSanitizer")) return false;
    if (!report.includes("data race")) return report.includes(ADDON);
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
  return frames.find((frame) => !INTERCEPTOR.test(frame))?.includes(ADDON) ?? false;
}
