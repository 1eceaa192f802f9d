// Requests to a running Goop² viewer, and what can go wrong with them. Knows neither calls nor what the answers mean.

import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { errorText } from "../../common/error-text.ts";

/** Longer than the viewer's own budget for a message, 5 s with its retry (Goop² 2.4), shorter than the plugin's patience, 6 s. */
export const ANSWER_MS = 5_500;
/** A list of thousands of peers is a few megabytes; a picture or a program is none. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_COMPLAINT_CHARS = 200;

/** down: nobody answers, or not in time. refused: an HTTP status other than 200. strange: it is no viewer's answer. */
export type GoopErrorCode = "down" | "refused" | "strange";

export class GoopError extends Error {
  override readonly name = "ViewerError";
  readonly code: GoopErrorCode;

  constructor(code: GoopErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface GoopClient {
  /** The viewer's address, for messages. */
  readonly origin: string;
  /** @throws ViewerError, or the signal's reason */
  getJson(path: string, signal: AbortSignal): Promise<unknown>;
  /** @throws ViewerError, or the signal's reason */
  postJson(path: string, body: object, signal: AbortSignal): Promise<unknown>;
  /** A stream that lasts until either side ends it, or the signal aborts. @throws ViewerError, or the signal's reason */
  openStream(path: string, signal: AbortSignal): Promise<IncomingMessage>;
}

/** Every request has a connection of its own: one that is kept would be lost at the viewer's restart, with a message in it. */
export function createGoopClient({ origin }: URL, answerMs = ANSWER_MS): GoopClient {
  async function withLimit<T>(signal: AbortSignal, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    try {
      return await work(limit);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw new GoopError("down", `${origin} did not answer within ${answerMs} ms`, error);
      throw error;
    }
  }

  async function json(method: string, path: string, body: string | undefined, signal: AbortSignal) {
    return withLimit(signal, async (limit) => {
      const headers = body === undefined ? {} : { "Content-Type": "application/json" };
      const response = await open(origin, path, { method, headers, signal: limit }, body);
      const text = await readAll(response, origin);
      if (response.statusCode !== 200) throw refused(path, response, text);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new GoopError("strange", `${origin}${path} answered no JSON; is it a Goop² viewer?`, error);
      }
    });
  }

  return {
    origin,
    getJson: (path, signal) => json("GET", path, undefined, signal),
    postJson: (path, body, signal) => json("POST", path, JSON.stringify(body), signal),
    async openStream(path, signal) {
      // The limit is for the head of the answer only; the stream itself lasts.
      const head = new AbortController();
      const late = new GoopError("down", `${origin} did not answer within ${answerMs} ms`);
      const timer = setTimeout(() => head.abort(late), answerMs);
      try {
        const response = await open(origin, path, {
          headers: { Accept: "text/event-stream" },
          signal: AbortSignal.any([signal, head.signal]),
        });
        if (response.statusCode === 200) return response;
        response.resume();
        throw refused(path, response, "");
      } catch (error) {
        signal.throwIfAborted();
        throw head.signal.aborted ? late : error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function open(
  origin: string,
  path: string,
  options: RequestOptions,
  body?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, origin), { ...options, agent: false }, resolve);
    request.on("error", (error) =>
      reject(new GoopError("down", `no viewer at ${origin}: ${errorText(error)}`, error)),
    );
    request.end(body);
  });
}

async function readAll(response: IncomingMessage, origin: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new GoopError("strange", `${origin} answers without end`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof GoopError) throw error;
    throw new GoopError("down", `${origin} broke off its answer: ${errorText(error)}`, error);
  }
  return Buffer.concat(chunks).toString();
}

/** The viewer's complaints are plain text. */
function refused(path: string, { statusCode }: IncomingMessage, text: string): GoopError {
  const complaint = text.replace(/\s+/g, " ").trim().slice(0, MAX_COMPLAINT_CHARS);
  return new GoopError("refused", `${path} was answered with ${statusCode}${complaint && `: ${complaint}`}`);
}
