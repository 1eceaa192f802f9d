// The generated document and the README's table of errors agree with the code.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { errorMeanings } from "../../../rpc-schema/documents/error-meanings.ts";
import { buildDocuments } from "../../../rpc-schema/documents/openrpc.ts";
import {
  hostNotifications,
  jsonRpcErrorCodes,
  methods,
  pluginErrorCodes,
  pluginMethods,
  pluginNotifications,
  rpcErrorCodes,
} from "../../../rpc-schema/index.ts";
import { isRecord, type Json } from "../../../rpc-schema/is-record.ts";

const read = (name: string) => readFileSync(new URL(`../../../rpc-schema/${name}`, import.meta.url), "utf8");

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "$ref" && typeof member === "string" ? [member] : referencesIn(member),
  );
}

describe("openrpc.json", () => {
  const document = buildDocuments().openRpc;

  test("agrees with the schemas (otherwise run: node rpc-schema/documents/generate-openrpc.ts)", () => {
    assert.deepEqual(JSON.parse(read("openrpc.json")), document);
  });

  test("names every method and notification once", () => {
    const all = [methods, pluginMethods, hostNotifications, pluginNotifications].flatMap(Object.keys);
    const named = JSON.parse(JSON.stringify(document.methods)).map(({ name }: { name: string }) => name);
    assert.deepEqual(named.sort(), all.sort());
    assert.equal(new Set(all).size, all.length);
  });

  test("every reference has a target", () => {
    const references = new Set(referencesIn(document));
    assert.ok(references.size > 20);
    for (const reference of references) {
      const target = reference
        .slice("#/".length)
        .split("/")
        .reduce<Json | undefined>((at, key) => (isRecord(at) ? at[key] : undefined), document);
      assert.ok(isRecord(target), reference);
    }
  });

  test("params with a default are optional, and the others are required", () => {
    const list = JSON.parse(JSON.stringify(document.methods));
    const subscribe = list.find(({ name }: { name: string }) => name === "frames.subscribe");
    const required = subscribe.params.filter((param: { required: boolean }) => param.required);
    assert.deepEqual(
      required.map(({ name }: { name: string }) => name),
      ["callId", "source"],
    );
  });
});

describe("errors", () => {
  test("our codes differ and stay outside the range that JSON-RPC reserves", () => {
    const codes = Object.values(pluginErrorCodes);
    assert.equal(new Set(codes).size, codes.length);
    assert.deepEqual(
      codes.filter((code) => code >= -32768 && code <= -32000),
      [],
    );
    assert.deepEqual(Object.values(jsonRpcErrorCodes), [-32700, -32600, -32601, -32602, -32603]);
  });

  test("belong to a method or to every request", () => {
    const list = JSON.parse(JSON.stringify(buildDocuments().openRpc.methods));
    const used = new Set(
      list
        .flatMap((one: { errors?: { $ref: string }[] }) => one.errors ?? [])
        .map(({ $ref }: { $ref: string }) => $ref.split("/").at(-1)),
    );
    assert.deepEqual(
      Object.keys(rpcErrorCodes).filter((name) => !used.has(name)),
      [],
    );
  });

  test("the README's table lists every error", () => {
    const rows = read("README.md")
      .match(/^\| -?\d+ +\|.*$/gm)
      ?.map((row) => row.replace(/ +/g, " "));
    const wanted = Object.entries(errorMeanings).map(
      ([name, meaning]) =>
        `| ${rpcErrorCodes[name as keyof typeof rpcErrorCodes]} | \`${name}\` | ${meaning} |`,
    );
    assert.deepEqual(rows, wanted);
    assert.deepEqual(Object.keys(errorMeanings).sort(), Object.keys(rpcErrorCodes).sort());
  });
});
