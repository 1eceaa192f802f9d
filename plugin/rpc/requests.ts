// Requests of one end and their answers: ids, deadlines, giving up, and the check of what was answered. The same for
// host and plugin; knows no streams.

import {
  createJSONRPCErrorResponse,
  createJSONRPCRequest,
  JSONRPCClient,
  type JSONRPCResponse,
} from "json-rpc-2.0";
import type { z } from "zod";
import { jsonRpcErrorCodes, RpcError } from "../../rpc-schema/index.ts";
import { isRecord } from "../common/is-record.ts";
import { type MethodDefinitions, summaryOf } from "./messages.ts";

export type HostLinkErrorCode = "timeout" | "aborted" | "closed" | "wrongResult";

/** The request was not answered, or not as the contract says. What the far end refused is an RpcError instead. */
export class HostLinkError extends Error {
  override readonly name = "HostLinkError";
  readonly code: HostLinkErrorCode;

  constructor(code: HostLinkErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface RequestOptions {
  /** Until the answer must be there; {@link DEFAULT_TIMEOUT_MS} without. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Longer than the slowest answer, shutdown, takes with its hang-ups; an end silent for longer is stuck. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** late: its request was given up, or answered before. unasked: no request ever had this id. */
export type AnswerFate = "taken" | "late" | "unasked";

export class Requests<D extends MethodDefinitions> {
  readonly #definitions: D;
  readonly #client: JSONRPCClient;
  readonly #open = new Set<number>();
  #lastId = 0;
  #closedWhy: string | null = null;

  /** @param send takes one line without its newline; what it throws rejects the request */
  constructor(definitions: D, send: (line: string) => void) {
    this.#definitions = definitions;
    this.#client = new JSONRPCClient(async (message) => send(JSON.stringify(message)));
  }

  /** @throws RpcError what the far end answered; HostLinkError when it did not answer rightly */
  async request<M extends keyof D & string>(
    method: M,
    params: z.input<D[M]["params"]>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions = {},
  ): Promise<z.output<D[M]["result"]>> {
    if (this.#closedWhy !== null) throw new HostLinkError("closed", `${method}: ${this.#closedWhy}`);
    if (signal?.aborted) throw abortedError(method, signal);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#open.add(id);
    const answer = this.#client.requestAdvanced(createJSONRPCRequest(id, method, params));
    const late = `${method}: no answer within ${timeoutMs} ms`;
    const timer = setTimeout(() => this.#giveUp(id, new HostLinkError("timeout", late)), timeoutMs);
    const onAbort = () => this.#giveUp(id, abortedError(method, signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return this.#resultOf(method, await answer);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#open.delete(id);
    }
  }

  /** One answer of the far end, which may be anything. Of those to one request only the first counts. */
  receive(response: Record<string, unknown>): AnswerFate {
    const { id } = response;
    if (typeof id !== "number" || !Number.isInteger(id) || id < 1 || id > this.#lastId) return "unasked";
    if (!this.#open.delete(id)) return "late";
    this.#client.receive(response as unknown as JSONRPCResponse);
    return "taken";
  }

  /** Rejects the open requests and all later ones with `closed`. */
  close(why: string): void {
    this.#closedWhy = why;
    this.#client.rejectAllPendingRequests(why);
  }

  /** The library has no way to forget a request, so one that is given up is answered in the far end's place. */
  #giveUp(id: number, error: HostLinkError): void {
    this.#open.delete(id);
    const { internalError } = jsonRpcErrorCodes;
    this.#client.receive(createJSONRPCErrorResponse(id, internalError, error.message, error));
  }

  #resultOf<M extends keyof D & string>(method: M, response: JSONRPCResponse): z.output<D[M]["result"]> {
    // The closing of the link is told by the library as an answer with an error of its own.
    if (response.error && this.#closedWhy !== null) throw closedError(method, response, this.#closedWhy);
    if (response.error) throw errorOf(method, response.error);
    const checked = this.#definitions[method]?.result.safeParse(response.result);
    if (checked?.success) return checked.data as z.output<D[M]["result"]>;
    const why = checked ? summaryOf(checked.error, response.result) : "there is no such method";
    throw new HostLinkError("wrongResult", `${method} was answered wrongly: ${why}`);
  }
}

function abortedError(method: string, signal: AbortSignal | undefined): HostLinkError {
  return new HostLinkError("aborted", `${method} was aborted`, signal?.reason);
}

/** An error with data came from the far end before the end, or from giving up. */
function closedError(method: string, response: JSONRPCResponse, why: string): Error {
  if (response.error?.data !== undefined) return errorOf(method, response.error);
  return new HostLinkError("closed", `${method}: ${why}`);
}

/** @param error as it came: not every host keeps to section 5.1 */
function errorOf(method: string, error: unknown): Error {
  const { code, message, data } = isRecord(error) ? error : {};
  if (data instanceof HostLinkError) return data;
  if (typeof code === "number" && typeof message === "string")
    return RpcError.fromWire({ code, message, data });
  return new HostLinkError("wrongResult", `${method} was answered by an error without code or message`);
}
