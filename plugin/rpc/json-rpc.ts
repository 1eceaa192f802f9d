// The only module that uses the library json-rpc-2.0. It also holds what works around the library, so that the other
// modules of this folder see plain requests, answers and errors.

import {
  createJSONRPCErrorResponse,
  createJSONRPCNotification,
  createJSONRPCRequest,
  createJSONRPCSuccessResponse,
  JSONRPCClient,
  type JSONRPCErrorResponse,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from "json-rpc-2.0";
import { jsonRpcErrorCodes, type RpcError } from "../../rpc-schema/index.ts";

export type Request = JSONRPCRequest;
export type Response = JSONRPCResponse;
export type ErrorResponse = JSONRPCErrorResponse;
export type MessageId = string | number | null;

/** Beyond 2^53 a double takes two ids for one, so the answer would have another id than the request. */
export function isRequestId(value: unknown): value is string | number {
  return typeof value === "string" || Number.isSafeInteger(value);
}

/** @returns the line of a notification, without its newline */
export function notificationLine(name: string, params: unknown): string {
  return JSON.stringify(createJSONRPCNotification(name, params));
}

export function errorResponse(id: MessageId, { code, message, data }: RpcError): ErrorResponse {
  return createJSONRPCErrorResponse(id, code, message, data);
}

/** The requests of one end that wait for their answers. */
export class PendingRequests {
  readonly #client: JSONRPCClient;

  /** @param send takes one line without its newline; an error that it throws rejects the request */
  constructor(send: (line: string) => void) {
    this.#client = new JSONRPCClient(async (message) => send(JSON.stringify(message)));
  }

  /** Sends a request. @throws the error that `fail` was given */
  async open(id: number, method: string, params: unknown): Promise<Response> {
    const response = await this.#client.requestAdvanced(createJSONRPCRequest(id, method, params));
    if (response.error?.data instanceof LocalFailure) throw response.error.data.cause;
    return response;
  }

  /** Settles an open request with its answer, which may be anything. */
  answer(response: Record<string, unknown>): void {
    this.#client.receive(response as unknown as Response);
  }

  /** Rejects an open request. The library cannot drop a request, so this answers it in place of the far end. */
  fail(id: number, error: Error): void {
    const { internalError } = jsonRpcErrorCodes;
    this.#client.receive(
      createJSONRPCErrorResponse(id, internalError, error.message, new LocalFailure(error)),
    );
  }
}

/** Marks the errors of {@link PendingRequests.fail}; no answer that was parsed from JSON holds one. */
class LocalFailure {
  readonly cause: Error;

  constructor(cause: Error) {
    this.cause = cause;
  }
}

export interface MethodTable {
  /** Called in place of a method that the table does not have. */
  onUnknown(name: string, isRequest: boolean): unknown;
  /** Turns an error of a method into the error that answers it. Called once for each, also where nothing is answered. */
  toRpcError(error: unknown, isRequest: boolean): RpcError;
}

/** Runs methods by their names. */
export class MethodServer {
  readonly #server = new JSONRPCServer();
  readonly #toRpcError: MethodTable["toRpcError"];

  constructor({ onUnknown, toRpcError }: MethodTable) {
    this.#toRpcError = toRpcError;
    this.#server.handleMethodNotFound = (request) =>
      this.#run(request, () => onUnknown(request.method, request.id !== undefined));
  }

  add(name: string, run: (params: unknown, isRequest: boolean) => unknown): void {
    this.#server.addMethodAdvanced(name, (request) =>
      this.#run(request, () => run(request.params, request.id !== undefined)),
    );
  }

  /**
   * Starts the method before it returns. Takes one message, never a batch, because the library answers a batch of one with a
   * bare object and calls `null` a parse error, both against the standard.
   * @returns null where nothing is answered
   */
  async receive(request: Request): Promise<Response | null> {
    return this.#server.receive(request);
  }

  /** Catches errors itself, because the library would report them to two callbacks. */
  async #run({ id }: Request, run: () => unknown): Promise<Response | null> {
    try {
      const result = await run();
      return id === undefined ? null : createJSONRPCSuccessResponse(id, result);
    } catch (error) {
      const refusal = this.#toRpcError(error, id !== undefined);
      return id === undefined ? null : errorResponse(id, refusal);
    }
  }
}
