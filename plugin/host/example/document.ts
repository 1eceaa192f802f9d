// The contract as a host author in any language has it: rpc-schema/openrpc.json, and nothing else of this repository.
// Knows which methods there are, whose they are, and whether params fit; as much of JSON Schema as the document uses.

import { readFileSync } from "node:fs";

type Schema = Record<string, unknown>;

interface Method {
  readonly name: string;
  readonly "x-direction": "host-to-plugin" | "plugin-to-host";
  readonly "x-kind": "request" | "notification";
  readonly params: readonly { name: string; required: boolean; schema: Schema }[];
}

interface Document {
  readonly info: { readonly version: string };
  readonly methods: readonly Method[];
  readonly components: {
    readonly schemas: Record<string, Schema>;
    readonly errors: Record<string, { code: number }>;
  };
}

const path = new URL("../../../rpc-schema/openrpc.json", import.meta.url);
const document: Document = JSON.parse(readFileSync(path, "utf8"));

export const protocolVersion = Number.parseInt(document.info.version, 10);

export function errorCode(name: string): number {
  const error = document.components.errors[name];
  if (!error) throw new Error(`the document knows no error ${name}`);
  return error.code;
}

/** Undefined for a method that the document does not have in this direction and kind. */
export function findMethod(
  name: string,
  direction: Method["x-direction"],
  kind: Method["x-kind"],
): Method | undefined {
  return document.methods.find(
    (method) => method.name === name && method["x-direction"] === direction && method["x-kind"] === kind,
  );
}

/** Null: they fit. Otherwise the name of the first that does not. */
export function wrongParam(method: Method, params: unknown): string | null {
  if (!isObject(params)) return "params";
  const known = method.params.map(({ name }) => name);
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown !== undefined) return unknown;
  const wrong = method.params.find(({ name, required, schema }) =>
    params[name] === undefined ? required : !fits(params[name], schema),
  );
  return wrong?.name ?? null;
}

function fits(value: unknown, schema: Schema): boolean {
  if (typeof schema.$ref === "string") {
    const named = document.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
    return named !== undefined && fits(value, named);
  }
  if (Array.isArray(schema.allOf) && !schema.allOf.every((one) => fits(value, one))) return false;
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some((one) => fits(value, one))) return false;
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return false;
  if (schema.type === "object") return fitsObject(value, schema);
  if (schema.type === "array") {
    return Array.isArray(value) && value.every((one) => fits(one, (schema.items ?? {}) as Schema));
  }
  if (schema.type === "string") {
    return (
      typeof value === "string" && (!schema.pattern || new RegExp(String(schema.pattern), "u").test(value))
    );
  }
  if (schema.type === "integer") return Number.isInteger(value);
  if (schema.type === "number") return typeof value === "number";
  if (schema.type === "boolean") return typeof value === "boolean";
  return schema.type !== "null" || value === null;
}

function fitsObject(value: unknown, schema: Schema): boolean {
  if (!isObject(value)) return false;
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = (schema.required ?? []) as string[];
  return (
    required.every((name) => value[name] !== undefined) &&
    Object.entries(value).every(([name, one]) => {
      const property = properties[name];
      return property ? fits(one, property) : schema.additionalProperties !== false;
    })
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
