// Checks messages against rpc-schema/openrpc.json, which is all that this host knows about the plugin.
// Implements the part of JSON Schema that the document uses.

import { readFileSync } from "node:fs";

type Fields = Record<string, unknown>;

interface Method {
  readonly name: string;
  readonly "x-direction": "host-to-plugin" | "plugin-to-host";
  readonly params: readonly { name: string; required: boolean; schema: Fields }[];
}

interface Document {
  readonly info: { readonly "x-protocol-versions": readonly number[] };
  readonly methods: readonly Method[];
  readonly components: { schemas: Record<string, Fields>; errors: Record<string, { code: number }> };
}

/** The compiled file lies one folder deeper, in dist/. */
const root = import.meta.url.endsWith(".ts") ? "../../../" : "../../../../";
const path = new URL(`${root}rpc-schema/openrpc.json`, import.meta.url);
const document: Document = JSON.parse(readFileSync(path, "utf8"));

export const protocolVersions = document.info["x-protocol-versions"];

export function errorCode(name: string): number {
  const error = document.components.errors[name];
  if (!error) throw new Error(`the document has no error ${name}`);
  return error.code;
}

export function findMethod(name: string, direction: Method["x-direction"]): Method | undefined {
  return document.methods.find((method) => method.name === name && method["x-direction"] === direction);
}

/** Unknown params are ignored. @returns the first missing or invalid param, or null */
export function findInvalidParam(method: Method, params: unknown): string | null {
  if (!isObject(params)) return "params";
  const invalid = method.params.find(({ name, required, schema }) =>
    params[name] === undefined ? required : !isValid(params[name], schema),
  );
  return invalid?.name ?? null;
}

function isValid(value: unknown, schema: Fields): boolean {
  const { $ref, allOf, anyOf, enum: values, type, pattern } = schema;
  if (typeof $ref === "string") {
    return isValid(value, document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {});
  }
  if (Array.isArray(allOf) && !allOf.every((one) => isValid(value, one))) return false;
  if (Array.isArray(anyOf) && !anyOf.some((one) => isValid(value, one))) return false;
  if (Array.isArray(values) && !values.includes(value)) return false;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(String(value))) return false;
  return hasType(value, type, schema);
}

function hasType(value: unknown, type: unknown, schema: Fields): boolean {
  switch (type) {
    case undefined:
      return true;
    case "object":
      return isObject(value) && hasProperties(value, schema);
    case "array":
      return Array.isArray(value) && value.every((one) => isValid(one, (schema.items ?? {}) as Fields));
    case "integer":
      return Number.isInteger(value);
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}

function hasProperties(value: Fields, schema: Fields): boolean {
  const properties = (schema.properties ?? {}) as Record<string, Fields>;
  const required = (schema.required ?? []) as string[];
  return (
    required.every((name) => value[name] !== undefined) &&
    Object.entries(properties).every(
      ([name, property]) => value[name] === undefined || isValid(value[name], property),
    )
  );
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
