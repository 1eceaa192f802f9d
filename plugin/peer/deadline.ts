// Puts a deadline on a promise of the engine, and lets go of it when the peer closes. Knows no engine.

import { errorText } from "../common/error-text.ts";
import { PeerError } from "./peer.ts";

/**
 * Settles as `work` does, or rejects when `deadlineMs` have passed or `closed` aborts; a late result is dropped.
 * @param doing what is awaited, for the error's text, such as "createOffer".
 * @throws PeerError always of this class, the engine's own error as its cause.
 */
export function withDeadline<T>(
  doing: string,
  work: Promise<T>,
  deadlineMs: number,
  closed: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      closed.removeEventListener("abort", onClose);
      finish();
    };
    const fail = (text: string, cause?: unknown): void =>
      settle(() => reject(new PeerError(`${doing}: ${text}`, { cause })));
    const onClose = (): void => fail("the peer was closed");
    const timer = setTimeout(() => fail(`the engine did not answer within ${deadlineMs} ms`), deadlineMs);
    closed.addEventListener("abort", onClose, { once: true });
    if (closed.aborted) onClose();
    work.then(
      (value) => settle(() => resolve(value)),
      (cause: unknown) => fail(errorText(cause), cause),
    );
  });
}
