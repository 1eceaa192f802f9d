// The requests of one end: ids, deadlines, cancellation, and the check of each answer. Host and plugin use the same code.

import type { z } from "zod";
import { RpcError } from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import type { LogUnknownFields } from "../common/unknown-field-log.ts";
import { PendingRequests, type Response } from "./json-rpc.ts";
import { type MethodDefinitions, summaryOf } from "./messages.ts";

export type HostLinkErrorCode = "timeout" | "aborted" | "closed" | "wrongResult";

/** A request got no answer, or an answer that breaks the contract. A refusal by the far end is an RpcError instead. */
export class HostLinkError extends Error {
  override readonly name = "HostLinkError";
  readonly code: HostLinkErrorCode;

  constructor(code: HostLinkErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface RequestOptions {
  /** How long to wait for the answer; {@link DEFAULT_TIMEOUT_MS} unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Longer than the slowest answer, which is that of shutdown with its hang-ups. An end that is silent for longer is stuck. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** late: the request was given up, or answered before. unasked: no request ever had this id. */
export type AnswerFate = "taken" | "late" | "unasked";

export interface RequestsOptions<D extends MethodDefinitions> {
  readonly definitions: D;
  /** Takes one line without its newline. An error that it throws rejects the request. */
  send(line: string): void;
  /** Reads a result of an older version of the contract as one of today's; without it, results are taken as they are. */
  decode?(result: unknown): unknown;
  readonly logUnknownFields: LogUnknownFields;
}

export class Requests<D extends MethodDefinitions> {
  readonly #options: RequestsOptions<D>;
  readonly #pending: PendingRequests;
  /** The methods of the open requests, by id. */
  readonly #open = new Map<number, string>();
  #lastId = 0;
  #closedWhy: string | null = null;

  constructor(options: RequestsOptions<D>) {
    this.#options = options;
    this.#pending = new PendingRequests(options.send);
  }

  /** @throws RpcError when the far end refuses; HostLinkError without an answer that fits the contract */
  async request<M extends keyof D & string>(
    method: M,
    params: z.input<D[M]["params"]>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions = {},
  ): Promise<z.output<D[M]["result"]>> {
    if (this.#closedWhy !== null) throw new HostLinkError("closed", `${method}: ${this.#closedWhy}`);
    if (signal?.aborted) throw abortedError(method, signal);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#open.set(id, method);
    const answer = this.#pending.open(id, method, params);
    const late = `${method}: no answer within ${timeoutMs} ms`;
    const timer = setTimeout(() => this.#fail(id, new HostLinkError("timeout", late)), timeoutMs);
    const onAbort = () => this.#fail(id, abortedError(method, signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return this.#resultOf(method, await answer);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#open.delete(id);
    }
  }

  /** One answer of the far end, which may be anything. Only the first answer to a request counts. */
  receive(response: Record<string, unknown>): AnswerFate {
    const { id } = response;
    if (typeof id !== "number" || !Number.isInteger(id) || id < 1 || id > this.#lastId) return "unasked";
    if (!this.#open.delete(id)) return "late";
    this.#pending.answer(response);
    return "taken";
  }

  /** Rejects the open requests and all later ones with `closed`. */
  close(why: string): void {
    this.#closedWhy = why;
    for (const [id, method] of [...this.#open]) {
      this.#fail(id, new HostLinkError("closed", `${method}: ${why}`));
    }
  }

  #fail(id: number, error: HostLinkError): void {
    if (this.#open.delete(id)) this.#pending.fail(id, error);
  }

  #resultOf<M extends keyof D & string>(method: M, { error, result }: Response): z.output<D[M]["result"]> {
    if (error) throw errorOf(method, error);
    const { definitions, decode = (same: unknown) => same, logUnknownFields } = this.#options;
    const decoded = decode(result);
    const checked = definitions[method]?.result.safeParse(decoded);
    if (checked?.success) {
      logUnknownFields(`the result of ${method}`, decoded, checked.data);
      return checked.data as z.output<D[M]["result"]>;
    }
    const why = checked ? summaryOf(checked.error, decoded) : "there is no such method";
    throw new HostLinkError("wrongResult", `the result of ${method} does not fit the contract: ${why}`);
  }
}

function abortedError(method: string, signal: AbortSignal | undefined): HostLinkError {
  return new HostLinkError("aborted", `${method} was aborted`, signal?.reason);
}

/** @param error as it came; not every host keeps to section 5.1 */
function errorOf(method: string, error: unknown): Error {
  const { code, message, data } = isRecord(error) ? error : {};
  if (typeof code === "number" && typeof message === "string")
    return RpcError.fromWire({ code, message, data });
  return new HostLinkError("wrongResult", `the error that answers ${method} lacks a code or a message`);
}
