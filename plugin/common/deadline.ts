// A wait that always ends: by its result, by its time, or by its caller's signal.

/**
 * Runs `work` for at most `timeoutMs` milliseconds. The signal given to `work` aborts when the time is over or when
 * `parent` aborts; the returned promise rejects at that moment, whether or not `work` obeys.
 * @throws the parent's reason, or an Error that says what took too long
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

/** Resolves after `timeMs` milliseconds. @throws the signal's reason when it aborts first */
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
