// The errors that answer requests: the codes of JSON-RPC, and ours, which stay outside its reserved range. The reason for the
// end of a call is not an error; see end-reasons.ts.

import { z } from "zod";
import { named } from "./named.ts";

/** JSON-RPC 2.0, section 5.1. */
export const jsonRpcErrorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const;

/**
 * Part of the contract, so a code never changes its meaning. 10xx: process, 11xx: calls, 12xx: devices, 13xx: frames, 14xx:
 * network, 15xx: diagnostics.
 */
export const pluginErrorCodes = {
  unsupportedProtocolVersion: 1001,
  notInitialized: 1002,
  alreadyInitialized: 1003,
  shuttingDown: 1004,
  lineTooLong: 1005,
  duplicateId: 1006,
  exhausted: 1007,
  unknownCall: 1101,
  wrongCallState: 1102,
  alreadyInCall: 1103,
  invalidPeer: 1104,
  callsUnavailable: 1105,
  callsDisabled: 1106,
  peerCallsDisabled: 1107,
  callsInPage: 1108,
  noPreview: 1109,
  // 1202 was deviceUnavailable, with which no method ever answered.
  unknownDevice: 1201,
  noScreen: 1203,
  unknownScreen: 1204,
  unknownStream: 1301,
  noPicture: 1302,
  tooManyStreams: 1303,
  signallingUnavailable: 1401,
  peerUnreachable: 1402,
  notCarried: 1403,
  debuggingOff: 1501,
  storageFailed: 1502,
} as const;

/** Every code that an answer can have, by name. */
export const rpcErrorCodes = { ...jsonRpcErrorCodes, ...pluginErrorCodes };

export type PluginErrorName = keyof typeof pluginErrorCodes;
export type JsonRpcErrorName = keyof typeof jsonRpcErrorCodes;
export type RpcErrorName = PluginErrorName | JsonRpcErrorName;

export const fieldIssueSchema = named(
  "FieldIssue",
  z.object({
    field: z.string().describe("path from the params, such as settings.picture.width"),
    value: z.string().describe("the value as JSON, cut short when long"),
    expected: z.string().describe("what the receiver would accept"),
  }),
  "One wrong field",
);
export type FieldIssue = z.infer<typeof fieldIssueSchema>;

export const errorDataSchema = named(
  "ErrorData",
  z.object({
    name: z.string().describe("the name of the error for programs, such as unknownCall"),
    issues: z.array(fieldIssueSchema).optional().describe("every wrong field, 20 at most"),
  }),
  "`error.data` of every error answer",
);
export type ErrorData = z.infer<typeof errorDataSchema>;

/** An error that answers a request. Only plugin/rpc converts it to its JSON-RPC form. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly kind: RpcErrorName;
  readonly issues: FieldIssue[] | undefined;

  constructor(kind: RpcErrorName, message: string, options: { issues?: FieldIssue[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.issues = options.issues;
  }

  get code(): number {
    return rpcErrorCodes[this.kind];
  }

  get data(): ErrorData {
    return this.issues ? { name: this.kind, issues: this.issues } : { name: this.kind };
  }

  /** Converts a received error. A code that this version does not know becomes `internalError`. */
  static fromWire(error: { code: number; message: string; data?: unknown }): RpcError {
    const data = errorDataSchema.safeParse(error.data);
    const issues = data.success ? data.data.issues : undefined;
    return new RpcError(errorNameOf(error.code), error.message, issues ? { issues } : {});
  }
}

function errorNameOf(code: number): RpcErrorName {
  for (const [name, known] of Object.entries(rpcErrorCodes)) {
    if (known === code) return name as RpcErrorName;
  }
  return "internalError";
}
