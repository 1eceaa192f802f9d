// Waits that always end.

/**
 * Runs `work` for at most `timeoutMs` milliseconds. On timeout, or when `parent` aborts, the signal given to `work` aborts
 * and the returned promise rejects at once, even if `work` ignores the signal.
 * @param what the subject of the timeout's error text: "<what> took longer than 500 ms"
 * @throws the parent's reason, the error of `work`, or an Error on timeout
 */
export function withDeadline<T>(
  timeoutMs: number,
  parent: AbortSignal | undefined,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onParentAbort = () => controller.abort(parent?.reason);
  const timer = setTimeout(
    () => controller.abort(new Error(`${what} took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  parent?.addEventListener("abort", onParentAbort, { once: true });
  if (parent?.aborted) onParentAbort();
  else work(controller.signal).then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onParentAbort);
  });
}

/** Resolves after `timeMs` milliseconds. @throws the signal's reason if it aborts first */
export function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const timer = setTimeout(resolve, timeMs);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}
