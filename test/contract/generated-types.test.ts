// Types that generators make of contract.schema.json: our own for Go, datamodel-code-generator for Python. The recorded messages of
// version 2 are parsed with them and written again without loss.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { GO_TYPES_FILE, goName } from "../../rpc-schema/documents/go-types.ts";
import { buildDocuments } from "../../rpc-schema/documents/openrpc.ts";
import { isRecord, type Json, type JsonObject } from "../../rpc-schema/is-record.ts";
import { type CorpusEntry, methodOf, readCorpus } from "./corpus/corpus.ts";

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const schemaPath = pathOf("rpc-schema/contract.schema.json");
const { schema, openRpc } = buildDocuments();

interface Typed {
  readonly type: string;
  readonly value: unknown;
}

const recordOf = (value: Json | undefined): JsonObject => (isRecord(value) ? value : {});
const methods = new Map(
  (Array.isArray(openRpc.methods) ? openRpc.methods : []).map((one) => [
    String(recordOf(one).name),
    recordOf(one),
  ]),
);
const nameIn = (reference: Json | undefined) =>
  String(reference ?? "")
    .split("/")
    .at(-1) ?? "";

/** @returns the params, result or error data of a message with the name of its type; null for those without content */
function typedOf(entry: CorpusEntry): Typed | null {
  const method = methods.get(methodOf(entry)) ?? {};
  const { params, result, error } = entry.message;
  if (isRecord(error)) return { type: "ErrorData", value: error.data };
  const type =
    entry.answers === undefined
      ? nameIn(method["x-params-schema"])
      : nameIn(recordOf(recordOf(method.result).schema).$ref);
  return type === "" ? null : { type, value: entry.answers === undefined ? params : result };
}

const messages = readCorpus("version-2.jsonl").flatMap((entry) => typedOf(entry) ?? []);

/** Runs a program that reads one message a line and writes it again. @returns what it wrote */
function roundTrip(program: string, args: readonly string[], sent: readonly Typed[]): unknown[] {
  const input = sent.map((one) => `${JSON.stringify(one)}\n`).join("");
  const output = execFileSync(program, args, { input, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "generated-types-"));
});
after(() => rmSync(folder, { recursive: true }));

test("the recorded messages have every type of the contract's messages but those that no device caused", () => {
  const recorded = new Set(messages.map(({ type }) => type));
  const wanted = [...methods.values()].flatMap((method) => [
    nameIn(method["x-params-schema"]),
    nameIn(recordOf(recordOf(method.result).schema).$ref),
  ]);
  assert.deepEqual(
    [...new Set(wanted)].filter((type) => type !== "" && !recorded.has(type)),
    [],
  );
});

describe("the types for Go", () => {
  const env = { ...process.env, GO111MODULE: "on", GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "" };

  test("parse and write every recorded message without loss", () => {
    const names = new Set(messages.map(({ type }) => type));
    mkdirSync(join(folder, "contract"));
    copyFileSync(pathOf(`rpc-schema/${GO_TYPES_FILE}`), join(folder, "contract/types.go"));
    writeFileSync(join(folder, "go.mod"), "module roundtrip\n\ngo 1.19\n");
    writeFileSync(join(folder, "main.go"), goProgram([...names]));
    const program = join(folder, "round-trip");
    execFileSync("go", ["build", "-o", program, "."], { cwd: folder, env });
    assert.deepEqual(
      roundTrip(program, [], messages),
      messages.map(({ value }) => value),
    );
  });
});

/** @returns a program that knows these types by the names of the documents */
function goProgram(names: readonly string[]): string {
  const cases = names.map(
    (name) => `\tcase ${JSON.stringify(name)}:\n\t\treturn new(contract.${goName(name)})`,
  );
  return `package main

import (
	"bufio"
	"encoding/json"
	"os"
	"roundtrip/contract"
)

func empty(name string) any {
	switch name {
${cases.join("\n")}
	}
	panic(name)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var message struct {
			Type  string
			Value json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			panic(err)
		}
		value := empty(message.Type)
		if err := json.Unmarshal(message.Value, value); err != nil {
			panic(err)
		}
		if err := output.Encode(value); err != nil {
			panic(err)
		}
	}
}
`;
}

describe("types for Python by datamodel-code-generator", () => {
  const bin = (name: string) => pathOf(`node_modules/.python/bin/${name}`);
  let types = "";

  before(() => {
    types = join(folder, "contract_types.py");
    const model = ["--output-model-type", "pydantic_v2.BaseModel", "--use-schema-description"];
    const input = ["--input", schemaPath, "--input-file-type", "jsonschema", "--output", types];
    execFileSync(bin("datamodel-codegen"), [...input, ...model], { stdio: ["ignore", "ignore", "pipe"] });
  });

  test("have the names of the documents, and no others", () => {
    const names = [...readFileSync(types, "utf8").matchAll(/^class (\w+)\(/gm)].map(([, name = ""]) => name);
    const rootName = "GoopCallPlugin"; // the document's title
    assert.deepEqual(names.sort(), [...Object.keys(recordOf(schema.$defs)), rootName].sort());
  });

  test("parse and write every recorded message without loss", () => {
    assert.deepEqual(
      roundTrip(bin("python"), [pathOf("test/support/generated-types/round_trip.py"), types], messages),
      messages.map(({ value }) => value),
    );
  });
});
