// The oldest Node that runs this program. Imports nothing, because main.ts reads it on every Node.

/** As in `engines` of package.json: the first Node that runs TypeScript files directly. */
export const MINIMUM_NODE = "22.18";

/** @param version as in process.versions.node @returns a predicate such as "needs Node …", or null for a recent Node */
export function whyNodeIsTooOld(version: string): string | null {
  const [major = 0, minor = 0] = numbersOf(version);
  const [minimumMajor = 0, minimumMinor = 0] = numbersOf(MINIMUM_NODE);
  if (major > minimumMajor || (major === minimumMajor && minor >= minimumMinor)) return null;
  return `needs Node ${MINIMUM_NODE} or newer; this is v${version}`;
}

function numbersOf(version: string): number[] {
  return version.split(".").map(Number);
}
