// Sends `initialize` with every version of the contract that this host speaks.

import {
  HOST_CAPABILITIES,
  type ParamsInput,
  PROTOCOL_VERSIONS,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { RequestOptions } from "./requests.ts";

/** `initialize` without the fields that negotiate; {@link initializePlugin} adds them. */
export type InitializeParams = Omit<ParamsInput<"initialize">, "protocolVersion" | "protocolVersions">;

/** The part of a host's link that `initialize` needs. */
interface InitializeLink {
  request(
    method: "initialize",
    params: ParamsInput<"initialize">,
    options?: RequestOptions,
  ): Promise<Result<"initialize">>;
}

/** The fields that a plugin of version 1 refuses or misses. */
const NEGOTIATION_FIELDS = ["protocolVersions", "protocolVersion", "capabilities"];

/**
 * A plugin of version 1 that refuses unknown fields gets a second request without the new ones.
 * @throws RpcError or HostLinkError, as `request` of the link
 */
export async function initializePlugin(
  link: InitializeLink,
  params: InitializeParams,
  options?: RequestOptions,
): Promise<Result<"initialize">> {
  const { capabilities = [...HOST_CAPABILITIES], ...common } = params;
  try {
    const offer = { protocolVersions: [...PROTOCOL_VERSIONS], capabilities };
    return await link.request("initialize", { ...offer, ...common }, options);
  } catch (error) {
    if (!isRefusedByVersion1(error)) throw error;
    return link.request("initialize", { protocolVersion: 1, ...common }, options);
  }
}

function isRefusedByVersion1(error: unknown): boolean {
  if (!(error instanceof RpcError) || error.kind !== "invalidParams") return false;
  return (error.issues ?? []).some(({ field }) => NEGOTIATION_FIELDS.includes(field));
}
