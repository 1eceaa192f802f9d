// The one deadline of waits that only have to end when something hangs.

/**
 * Milliseconds. A machine that runs several suites at once takes twenty times as long as an idle one, so no test gives
 * a sound server, a browser's driver or an engine less.
 */
export const HANG_LIMIT_MS = 60_000;
