// contract.schema.json has each concept once, under its own name and described, and agrees with openrpc.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { buildDocuments } from "../../../rpc-schema/documents/openrpc.ts";
import { isRecord, type Json, type JsonObject } from "../../../rpc-schema/is-record.ts";

/** Its types are sources that our compiler options refuse. */
const parser: { parseOpenRPCDocument(text: string): Promise<{ methods: JsonObject[] }> } = createRequire(
  import.meta.url,
)("@open-rpc/schema-utils-js");
const path = new URL("../../../rpc-schema/contract.schema.json", import.meta.url);
const openRpcPath = new URL("../../../rpc-schema/openrpc.json", import.meta.url);
const { schema, openRpc } = buildDocuments();

const recordOf = (value: Json | undefined): JsonObject => (isRecord(value) ? value : {});
const definitions = Object.entries(recordOf(schema.$defs)).map(
  ([name, one]) => [name, recordOf(one)] as const,
);

/** Every object within a JSON value, itself included. */
function objectsIn(value: Json): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (!isRecord(value)) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

describe("contract.schema.json", () => {
  test("agrees with the schemas (otherwise run: node rpc-schema/documents/generate-openrpc.ts)", () => {
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), schema);
  });

  test("names and describes every definition, and describes every field", () => {
    assert.ok(definitions.length > 100);
    for (const [name, one] of definitions) {
      assert.equal(one.title, name);
      assert.ok(one.description, name);
      for (const [field, property] of Object.entries(recordOf(one.properties))) {
        const { description, $ref } = recordOf(property);
        assert.ok(description ?? $ref, `${name}.${field} has no description`);
      }
    }
  });

  test("describes every value of a closed list", () => {
    for (const one of objectsIn(schema)) {
      if (!Array.isArray(one.enum) || typeof one.enum[0] !== "string") continue;
      const meanings = one["x-enum-descriptions"];
      assert.ok(Array.isArray(meanings), JSON.stringify(one));
      assert.equal(meanings.filter(Boolean).length, one.enum.length);
      for (const [index, value] of one.enum.entries()) {
        assert.ok(String(one.description).includes(`\n- ${value}: ${meanings[index]}`));
      }
    }
  });

  test("has an object or a closed list only where it has a name", () => {
    for (const [name, one] of definitions) {
      const unnamed = Object.values(one)
        .flatMap(objectsIn)
        .filter((inner) => inner.properties ?? inner.enum);
      assert.deepEqual(unnamed, [], name);
    }
  });

  test("has no two closed lists with the same values, which generators would take for one type", () => {
    const lists = definitions.filter(([, one]) => one.enum && one.type === "string");
    const values = lists.map(([, one]) =>
      JSON.stringify([...Object.values(recordOf(one).enum ?? [])].sort()),
    );
    assert.equal(new Set(values).size, values.length);
  });

  test("uses only what generators understand: no allOf, no bound that a double sets, nothing beside a reference", () => {
    for (const one of objectsIn(schema)) {
      assert.ok(!("allOf" in one) && !("anyOf" in one && JSON.stringify(one.anyOf).includes('"null"')));
      for (const bound of [one.minimum, one.maximum]) assert.ok(Math.abs(Number(bound ?? 0)) < 2 ** 52);
      if ("$ref" in one) {
        const beside = Object.keys(one).filter((key) => !/^(\$ref|description|default)$/.test(key));
        assert.deepEqual(beside, []);
      }
    }
  });

  test("holds every schema to which it refers", () => {
    const names = new Set(definitions.map(([name]) => `#/$defs/${name}`));
    for (const { $ref } of objectsIn(schema)) {
      if ($ref !== undefined) assert.ok(names.has(String($ref)), String($ref));
    }
  });

  test("gives the versions that this package speaks", () => {
    assert.deepEqual(recordOf(recordOf(schema.$defs).ProtocolVersion).enum, [1, 2]);
  });
});

describe("openrpc.json", () => {
  test("has the same definitions, but for one that contains itself", () => {
    const { schemas } = recordOf(openRpc.components);
    const text = JSON.stringify(schemas).replaceAll("#/components/schemas/", "#/$defs/");
    for (const [name, one] of Object.entries(recordOf(JSON.parse(text)))) {
      if (name !== "StateDescription") assert.deepEqual(one, recordOf(schema.$defs)[name]);
    }
    assert.deepEqual(Object.keys(recordOf(schemas)), Object.keys(recordOf(schema.$defs)));
  });

  /** The limit of this test bounds a hang: the parser never ended on a schema that contained itself. */
  test("is written out by the reference parser of OpenRPC", { timeout: 60_000 }, async () => {
    const parsed = await parser.parseOpenRPCDocument(readFileSync(openRpcPath, "utf8"));
    assert.equal(JSON.stringify(parsed.methods).includes('"$ref"'), false);
    const start = parsed.methods.find(({ name }) => name === "call.start");
    assert.match(JSON.stringify(start?.params), /"title":"PeerId"/);
  });
});
