// Reads the small JSON objects that pages post.

import type { IncomingMessage } from "node:http";
import { errorText } from "../../common/error-text.ts";

/** The largest body holds two ids. */
const MAX_BODY_BYTES = 16 * 1024;

/** Becomes an answer with this status and the message as plain text. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @returns the text fields, without the others. @throws RequestError 400 */
export async function readFields(
  request: IncomingMessage,
  required: readonly string[],
): Promise<Readonly<Record<string, string | undefined>>> {
  const body = parse(await readText(request));
  const fields = Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  const missing = required.filter((name) => !fields[name]);
  if (missing.length > 0) throw new RequestError(400, `${missing.join(", ")}: missing, expected text`);
  return fields;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new RequestError(400, `invalid json: more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): object {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, `invalid json: ${errorText(error)}`);
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new RequestError(400, `invalid json: expected an object, got ${text.slice(0, 40)}`);
}
