// HTTP requests to a running Goop², with limits on time and size.

import { type IncomingMessage, request } from "node:http";
import { errorText } from "../../common/error-text.ts";

/** Goop² 2.4 gives a message 5 s including its retry, and the plugin waits 6 s for `signal.send`. This lies between the two. */
const ANSWER_MS = 5_500;
/** A list of thousands of peers takes a few megabytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_TEXT_CHARS = 200;

/** down: no answer, or not in time. refused: an HTTP status other than 200. strange: an answer that Goop² would not give. */
export type GoopErrorCode = "down" | "refused" | "strange";

export class GoopError extends Error {
  override readonly name = "GoopError";
  readonly code: GoopErrorCode;

  constructor(code: GoopErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface GoopClient {
  /** The address of Goop², for messages to the user. */
  readonly origin: string;
  /** @throws GoopError, or the signal's reason */
  getJson(path: string, signal: AbortSignal): Promise<unknown>;
  /** @throws GoopError, or the signal's reason */
  postJson(path: string, body: object, signal: AbortSignal): Promise<unknown>;
  /** A response body that lasts until either side ends it, or the signal aborts. @throws GoopError, or the signal's reason */
  openStream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}

/** @param answerMs time limit for a JSON answer, and for the head of a stream's answer */
export function createGoopClient({ origin }: URL, answerMs = ANSWER_MS): GoopClient {
  const lateError = (cause?: unknown) =>
    new GoopError("down", `${origin} did not answer within ${answerMs} ms`, cause);

  async function fetchJson(path: string, init: RequestInit, signal: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    try {
      return await requestJson(origin, path, { ...init, signal: limit });
    } catch (error) {
      signal.throwIfAborted();
      throw limit.aborted ? lateError(error) : error;
    }
  }

  return {
    origin,
    getJson: (path, signal) => fetchJson(path, {}, signal),
    postJson: (path, body, signal) =>
      fetchJson(
        path,
        { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } },
        signal,
      ),
    async openStream(path, signal) {
      const headLimit = new AbortController();
      const late = lateError();
      const timer = setTimeout(() => headLimit.abort(late), answerMs);
      try {
        const response = await openEvents(origin, path, AbortSignal.any([signal, headLimit.signal]));
        if (response.statusCode === 200) return response;
        response.resume();
        throw refusedError(path, response.statusCode, "");
      } catch (error) {
        signal.throwIfAborted();
        throw headLimit.signal.aborted ? late : error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Redirects are not followed. @throws GoopError */
async function requestJson(origin: string, path: string, init: RequestInit): Promise<unknown> {
  // A kept connection would be lost when Goop² restarts, together with the message that was written to it.
  const headers = { ...init.headers, Connection: "close" };
  const response = await fetch(new URL(path, origin), { ...init, headers, redirect: "manual" }).catch(
    (error: unknown) => {
      throw unreachableError(origin, error);
    },
  );
  const text = await readText(response, origin);
  if (response.status !== 200) throw refusedError(path, response.status, text);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new GoopError("strange", `${origin}${path} answered no JSON. Is it Goop²?`, error);
  }
}

async function readText(response: Response, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) {
        throw new GoopError("strange", `${origin} answered more than ${MAX_ANSWER_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof GoopError) throw error;
    throw new GoopError("down", `${origin} broke off its answer: ${causeText(error)}`, error);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * By node:http, because fetch ends a body that is silent for 300 s (undici's bodyTimeout), and Goop² sends no keep-alive on
 * its event stream.
 */
function openEvents(origin: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { Accept: "text/event-stream" };
    const events = request(new URL(path, origin), { headers, signal, agent: false }, resolve);
    events.on("error", (error) => reject(unreachableError(origin, error)));
    events.end();
  });
}

function unreachableError(origin: string, error: unknown): GoopError {
  return new GoopError("down", `no Goop² at ${origin}: ${causeText(error)}`, error);
}

/** Goop² reports errors as plain text. */
function refusedError(path: string, status: number | undefined, text: string): GoopError {
  const why = text.replace(/\s+/g, " ").trim().slice(0, MAX_ERROR_TEXT_CHARS);
  return new GoopError("refused", `${path} was answered with ${status}${why && `: ${why}`}`);
}

/** fetch hides the reason in `cause`. */
function causeText(error: unknown): string {
  return errorText(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}
