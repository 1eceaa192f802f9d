// Writes REFERENCE.md: every message with its fields and an example, which method fits which phase, and every type. It comes from
// the same documents as openrpc.json, so nothing in it is written twice.

import { callPhaseSchema } from "../common.ts";
import { isRecord, type Json, type JsonObject } from "../is-record.ts";
import { type FittingPhases, fittingPhases } from "../methods/call-phases.ts";
import type { ContractDocuments } from "./openrpc.ts";

const HEAD = `# Reference

Every message of the contract with an example, which method fits which phase, and every type.
\`node rpc-schema/documents/generate-openrpc.ts\` writes this file from the schemas. [README.md](README.md) has the rules that
hold for all messages. An error answer can also be one of the general ones; see [Errors](README.md#errors).
`;

const GROUPS = [
  ["Requests of the host", "host-to-plugin", "request"],
  ["Notifications of the host", "host-to-plugin", "notification"],
  ["Requests of the plugin", "plugin-to-host", "request"],
  ["Notifications of the plugin", "plugin-to-host", "notification"],
] as const;

export function buildReference({ schema, openRpc }: ContractDocuments): string {
  const types = recordOf(schema.$defs);
  const methods = recordsIn(openRpc.methods);
  const common = commonErrors(methods);
  const isMessage = (name: string) => /(Params|Result)$/.test(name);
  const parts = [
    HEAD,
    ...GROUPS.flatMap(([title, direction, kind]) => [
      `## ${title}\n`,
      ...methods
        .filter((one) => one["x-direction"] === direction && one["x-kind"] === kind)
        .map((one) => describeMessage(one, types, common)),
    ]),
    phaseTable(),
    "## Types\n",
    ...Object.entries(types)
      .filter(([name]) => !isMessage(name))
      .map(([name, one]) => describeType(types, name, recordOf(one))),
  ];
  return `${parts.join("\n")}`;
}

/** The errors of every request, which the reference does not repeat. */
function commonErrors(methods: readonly JsonObject[]): ReadonlySet<string> {
  const lists = methods.filter((one) => one.errors !== undefined).map(errorsOf);
  const [first = [], ...rest] = lists;
  return new Set(first.filter((name) => rest.every((list) => list.includes(name))));
}

function errorsOf(method: JsonObject): string[] {
  return recordsIn(method.errors).map(({ $ref }) => String($ref).split("/").at(-1) ?? "");
}

function describeMessage(method: JsonObject, types: JsonObject, common: ReadonlySet<string>): string {
  const { name, summary, examples, result } = method;
  const errors = errorsOf(method).filter((error) => !common.has(error));
  const params = recordsIn(method.params);
  const resultType = recordOf(recordOf(result).schema);
  return [
    `### ${String(name)}\n`,
    `${String(summary)}.\n`,
    ...(params.length === 0 ? ["No params.\n"] : [paramsTable(types, params)]),
    ...(result === undefined ? [] : [resultText(resultType, types)]),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.map((error) => `\`${error}\``).join(", ")}.\n`]),
    "```json",
    ...recordsIn(examples).flatMap((one) => exampleLines(String(name), one)),
    "```\n",
  ].join("\n");
}

function exampleLines(method: string, { params, result }: JsonObject): string[] {
  const fields = Object.fromEntries(
    recordsIn(params).map(({ name, value }) => [String(name), value ?? null]),
  );
  const message = { jsonrpc: "2.0", ...(result === undefined ? {} : { id: 1 }), method, params: fields };
  const answer = { jsonrpc: "2.0", id: 1, result: recordOf(result).value ?? null };
  return [message, ...(result === undefined ? [] : [answer])].map((line) => JSON.stringify(line));
}

function paramsTable(types: JsonObject, params: readonly JsonObject[]): string {
  const rows = params.map(({ name, required, schema }) =>
    row(types, String(name), recordOf(schema), required === true),
  );
  return `${["| param | type | needed | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n")}\n`;
}

function resultText(type: JsonObject, types: JsonObject): string {
  const target = recordOf(types[nameIn(type.$ref)]);
  if (type.$ref === undefined) return "Result: `null`.\n";
  if (!/Result$/.test(nameIn(type.$ref))) return `Result: ${typeText(type)}.\n`;
  return `${fieldsTable(types, target, "result")}`;
}

function fieldsTable(types: JsonObject, type: JsonObject, title: string): string {
  const required = Array.isArray(type.required) ? type.required : [];
  const rows = Object.entries(recordOf(type.properties)).map(([name, one]) =>
    row(types, name, recordOf(one), required.includes(name)),
  );
  return `${[`| ${title} | type | needed | meaning |`, "| --- | --- | --- | --- |", ...rows].join("\n")}\n`;
}

function row(types: JsonObject, name: string, schema: JsonObject, isNeeded: boolean): string {
  const { default: preset } = schema;
  const otherwise = preset === undefined ? "no" : `no: \`${JSON.stringify(preset)}\``;
  const needed = isNeeded ? "yes" : otherwise;
  const target = recordOf(types[nameIn(schema.$ref)]);
  const meaning = summaryOf(schema) || summaryOf(target);
  return `| \`${name}\` | ${cell(typeText(schema))} | ${cell(needed)} | ${cell(meaning)} |`;
}

/** The first line of a description, without the values of a closed list. */
function summaryOf({ description }: JsonObject): string {
  const [summary = ""] = String(description ?? "").split("\n", 1);
  return summary.replace(/\.$/, "");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function typeText(schema: JsonObject): string {
  const { $ref, type, items, additionalProperties, enum: values } = schema;
  if ($ref !== undefined) return link(nameIn($ref), "type-");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (Array.isArray(values)) return values.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (choices) return recordsIn(choices).map(typeText).join(" or ");
  if (type === "array") return `list of ${typeText(recordOf(items))}`;
  if (type === "object" && isRecord(additionalProperties)) return "object";
  const names = Array.isArray(type) ? type.join(" or ") : String(type ?? "any");
  return `${names}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum, maxLength }: JsonObject): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, from ${minimum}`;
  return maxLength === undefined ? "" : `, up to ${maxLength} characters`;
}

function describeType(types: JsonObject, name: string, type: JsonObject): string {
  const values = Array.isArray(type.enum) ? type.enum : [];
  const meanings = type["x-enum-descriptions"];
  const lines = [`### Type ${name}\n`, `${summaryOf(type)}.\n`];
  if (Array.isArray(meanings)) {
    const rows = values.map((value, index) => `| \`${String(value)}\` | ${cell(String(meanings[index]))} |`);
    return [...lines, "| value | meaning |", "| --- | --- |", ...rows, ""].join("\n");
  }
  if (type.properties !== undefined) return [...lines, fieldsTable(types, type, "field")].join("\n");
  const pattern = type.pattern === undefined ? "" : `, matching \`${String(type.pattern)}\``;
  return [...lines, `JSON: ${typeText({ ...type, title: null })}${pattern}.\n`].join("\n");
}

function phaseTable(): string {
  const phases = callPhaseSchema.options.filter((phase) => phase !== "ended");
  const rows = Object.entries<FittingPhases>(fittingPhases).map(([method, fitting]) => {
    const mark = fitting.direction ?? "yes";
    const cells = phases.map((phase) => (fitting.phases.includes(phase) ? mark : ""));
    return `| ${link(method)} | ${cells.join(" | ")} | ${fitting.note ?? ""} |`;
  });
  return [
    "## Which method fits which phase\n",
    "`incoming` means incoming calls only. A method that does not fit is refused with `wrongCallState`. Its message and its",
    "`data.issues` name the phase, and the phases that would fit. After `call.ended` the error is `unknownCall`.\n",
    `| method | ${phases.map((phase) => `\`${phase}\``).join(" | ")} | also |`,
    `| --- | ${phases.map(() => "---").join(" | ")} | --- |`,
    ...rows,
    "",
  ].join("\n");
}

/** A heading's address as GitHub makes it. */
function link(name: string, prefix = ""): string {
  return `[${name}](#${prefix}${name.toLowerCase().replaceAll(".", "")})`;
}

const nameIn = (reference: Json | undefined): string => String(reference).split("/").at(-1) ?? "";

function recordOf(value: Json | undefined): JsonObject {
  return isRecord(value) ? value : {};
}

function recordsIn(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter((element) => isRecord(element)) : [];
}
