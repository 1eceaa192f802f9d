// The contract's check for plain JSON objects, under the path that every part of the plugin imports it from.

export { isRecord } from "../../rpc-schema/is-record.ts";
