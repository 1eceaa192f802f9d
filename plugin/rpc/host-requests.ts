// A host's requests and their answers: ids, deadlines, giving up, and the check of what was answered. Knows no streams.

import {
  createJSONRPCErrorResponse,
  createJSONRPCRequest,
  JSONRPCClient,
  type JSONRPCResponse,
} from "json-rpc-2.0";
import {
  jsonRpcErrorCodes,
  type MethodName,
  methods,
  type ParamsInput,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import { summaryOf } from "./messages.ts";

export type HostLinkErrorCode = "timeout" | "aborted" | "closed" | "wrongResult";

/** The request was not answered, or not as the contract says. What the plugin refused is an RpcError instead. */
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

/** Longer than the slowest answer, shutdown, takes with its hang-ups; a plugin silent for longer is stuck. */
export const DEFAULT_TIMEOUT_MS = 15_000;

export class HostRequests {
  readonly #client: JSONRPCClient;
  #lastId = 0;
  #closedWhy: string | null = null;

  /** @param send takes one line without its newline */
  constructor(send: (line: string) => void) {
    this.#client = new JSONRPCClient((message) => send(JSON.stringify(message)));
  }

  /** @throws RpcError what the plugin answered; HostLinkError when it did not answer rightly */
  async request<M extends MethodName>(
    method: M,
    params: ParamsInput<M>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions = {},
  ): Promise<Result<M>> {
    if (this.#closedWhy !== null) throw new HostLinkError("closed", `${method}: ${this.#closedWhy}`);
    if (signal?.aborted) throw abortedError(method, signal);
    this.#lastId += 1;
    const id = this.#lastId;
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
    }
  }

  /** One answer of the plugin. An answer to a request that was given up is ignored. */
  receive(response: JSONRPCResponse): void {
    this.#client.receive(response);
  }

  /** Rejects the open requests and all later ones with `closed`. */
  close(why: string): void {
    this.#closedWhy = why;
    this.#client.rejectAllPendingRequests(why);
  }

  /** The library has no way to forget a request, so one that is given up is answered in the plugin's place. */
  #giveUp(id: number, error: HostLinkError): void {
    this.receive(createJSONRPCErrorResponse(id, jsonRpcErrorCodes.internalError, error.message, error));
  }

  #resultOf<M extends MethodName>(method: M, response: JSONRPCResponse): Result<M> {
    // The closing of the link is told by the library as an answer with an error of its own.
    if (response.error && this.#closedWhy !== null) throw closedError(method, response, this.#closedWhy);
    return resultOf(method, response);
  }
}

function abortedError(method: string, signal: AbortSignal | undefined): HostLinkError {
  return new HostLinkError("aborted", `${method} was aborted`, signal?.reason);
}

/** An error with data came from the plugin before the end, or from giving up. */
function closedError(method: string, response: JSONRPCResponse, why: string): Error {
  if (response.error?.data !== undefined) return errorOf(response.error);
  return new HostLinkError("closed", `${method}: ${why}`);
}

function resultOf<M extends MethodName>(method: M, response: JSONRPCResponse): Result<M> {
  if (response.error) throw errorOf(response.error);
  const checked = methods[method].result.safeParse(response.result);
  if (!checked.success) {
    const why = summaryOf(checked.error, response.result);
    throw new HostLinkError("wrongResult", `${method} was answered wrongly: ${why}`);
  }
  return checked.data as Result<M>;
}

function errorOf(error: NonNullable<JSONRPCResponse["error"]>): Error {
  return error.data instanceof HostLinkError ? error.data : RpcError.fromWire(error);
}
