// Converts zod schemas to JSON Schema (draft 2020-12), with one definition for each named schema.

import { z } from "zod";
import { isRecord, type Json, type JsonObject } from "../is-record.ts";
import { nameOf } from "../named.ts";

/** zod writes a definition for every schema whose metadata has an id. */
class NamedSchemas extends z.core.$ZodRegistry<z.GlobalMeta> {
  override get(schema: z.core.$ZodType) {
    const id = nameOf(schema);
    const described = z.globalRegistry.get(schema);
    return id === undefined ? described : { ...described, id };
  }
}

/** An input can leave out the fields that have a default. An output has them all. */
export type Io = "input" | "output";

/** Collects the definitions of all its calls, so each document needs a writer of its own. */
export interface SchemaWriter {
  /** Writes references to named schemas, also for the outermost one. */
  write(schema: z.ZodType, io: Io): JsonObject;
  /** Writes a definition under this name, unless the schema has one of its own. @returns a reference to it */
  define(name: string, description: string, schema: z.ZodType, io: Io): JsonObject;
  /** The definition that a reference names. @throws Error when there is none */
  definition(reference: JsonObject): JsonObject;
  /** Every definition, sorted by name. */
  definitions(): JsonObject;
}

const DEFINITIONS = "#/$defs/";

/** @throws Error from `write` and `define` when one name would have two different schemas */
export function createSchemaWriter(): SchemaWriter {
  const found: JsonObject = {};

  /** A definition that is closed where it is sent and open where it is received is written open. */
  function keep(name: string, { $id: _, id: __, ...schema }: JsonObject): void {
    const before = found[name] ?? schema;
    if (!isRecord(before) || opened(before) !== opened(schema)) {
      throw new Error(`${name} has two different schemas, so it cannot have one name`);
    }
    found[name] = "additionalProperties" in before ? schema : before;
  }

  function write(schema: z.ZodType, io: Io): JsonObject {
    const options = {
      target: "draft-2020-12",
      io,
      metadata: new NamedSchemas(),
      override: simplify,
    } as const;
    const whole: JsonObject = JSON.parse(JSON.stringify(z.toJSONSchema(schema, options)));
    const { $schema: _dialect, $defs = {}, id: _, ...written } = whole;
    if (isRecord($defs)) {
      for (const [name, one] of Object.entries($defs)) if (isRecord(one)) keep(name, one);
    }
    const own = nameOf(schema);
    if (own === undefined || "$ref" in written) return written;
    keep(own, written);
    return { $ref: `${DEFINITIONS}${own}` };
  }

  return {
    write,
    define(name, description, schema, io) {
      const written = write(schema, io);
      if ("$ref" in written) return written;
      keep(name, { title: name, description, ...written });
      return { $ref: `${DEFINITIONS}${name}` };
    },
    definition({ $ref }) {
      const one = found[String($ref).slice(DEFINITIONS.length)];
      if (!isRecord(one)) throw new Error(`there is no definition ${String($ref)}`);
      return one;
    },
    definitions: () => Object.fromEntries(Object.entries(found).sort(byName)),
  };
}

function opened({ additionalProperties: _, ...schema }: JsonObject): string {
  return JSON.stringify(schema);
}

/** @returns the same document with its references to `$defs` under another path */
export function relocated<T extends Json>(document: T, path: string): T {
  return JSON.parse(JSON.stringify(document).replaceAll(`"$ref":"${DEFINITIONS}`, `"$ref":"${path}`));
}

/**
 * - A list of whole numbers has the type of its numbers.
 * - zod closes every object of an output. Only strict objects refuse unknown fields, so only they stay closed.
 * - zod bounds every whole number by what a double can hold. Such a bound says nothing about the field.
 * - Beside a reference stands only what differs from its target.
 */
function simplify({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { def } = zodSchema._zod;
  if (jsonSchema.$ref === undefined) {
    simplifyOwn(def, jsonSchema);
    return;
  }
  for (const key of Object.keys(jsonSchema)) if (!BESIDE_REFERENCE.has(key)) delete jsonSchema[key];
}

function simplifyOwn(def: z.core.$ZodTypes["_zod"]["def"], jsonSchema: JsonSchema): void {
  if (def.type === "object" && def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (def.type === "record") delete jsonSchema.propertyNames;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (def.type === "nullable") mergeNull(jsonSchema);
  if (def.type === "literal" && jsonSchema.enum?.every(Number.isInteger)) jsonSchema.type = "integer";
}

const BESIDE_REFERENCE: ReadonlySet<string> = new Set(["$ref", "description", "default"]);

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** `anyOf: [{type: "number"}, {type: "null"}]` becomes `type: ["number", "null"]`, which generators know better. */
function mergeNull(schema: JsonSchema): void {
  const [inner] = schema.anyOf ?? [];
  if (typeof inner !== "object" || typeof inner.type !== "string") return;
  delete schema.anyOf;
  // The type of zod knows one name only, but draft 2020-12 allows a list (Validation, 6.1.1).
  Object.assign(schema, inner, { type: [inner.type, "null"] });
}

function byName([a]: [string, Json], [b]: [string, Json]): number {
  return a < b ? -1 : 1;
}
