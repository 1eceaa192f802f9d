// Compares CHANGELOG.md with the OpenRPC document, so that no name enters or leaves the contract unrecorded.

import { isRecord, type Json, type JsonObject } from "../is-record.ts";
import { HOST_ALERTS, HOST_CAPABILITIES, PLUGIN_CAPABILITIES } from "../version.ts";

/** The kinds of names that a list of the changelog begins with. */
const KINDS = ["Methods", "Notifications", "Errors", "Capabilities"] as const;
type Kind = (typeof KINDS)[number];

interface ChangelogVersion {
  readonly version: string;
  readonly added: ReadonlyMap<string, readonly string[]>;
  readonly removed: ReadonlyMap<string, readonly string[]>;
}

/** @returns one sentence for each difference between the changelog and the document; none when they agree */
export function changelogIssues(changelog: string, document: JsonObject): string[] {
  const versions = readChangelog(changelog);
  const newest = `${versions[0]?.version}.0.0`;
  const inForce = isRecord(document.info) ? document.info.version : undefined;
  return [
    ...(newest === inForce ? [] : [`the newest version is ${newest}, that of the document ${inForce}`]),
    ...KINDS.flatMap((kind) => issuesOfKind(kind, versions, namesIn(document)[kind])),
    ...versions
      .flatMap(({ added }) => added.get("Fields") ?? [])
      .filter((field) => !hasField(document, field.split(".")))
      .map((field) => `there is no field ${field}`),
  ];
}

function issuesOfKind(kind: Kind, versions: readonly ChangelogVersion[], names: readonly string[]): string[] {
  const added = versions.flatMap((version) => version.added.get(kind) ?? []);
  const removed = versions.flatMap((version) => version.removed.get(kind) ?? []);
  const kept = added.filter((name) => !removed.includes(name));
  const repeated = added.filter((name, index) => added.indexOf(name) !== index);
  return [
    ...names.filter((name) => !kept.includes(name)).map((name) => `${kind}: ${name} is not listed as added`),
    ...kept.filter((name) => !names.includes(name)).map((name) => `${kind}: ${name} does not exist`),
    ...removed.filter((name) => !added.includes(name)).map((name) => `${kind}: ${name} was never added`),
    ...repeated.map((name) => `${kind}: ${name} is listed as added twice`),
  ];
}

function namesIn(document: JsonObject): Record<Kind, string[]> {
  const methods = recordsIn(document.methods);
  const ofKind = (kind: string) =>
    methods.filter((one) => one["x-kind"] === kind).map(({ name }) => String(name));
  const components = isRecord(document.components) ? document.components : {};
  return {
    Methods: ofKind("request"),
    Notifications: ofKind("notification"),
    Errors: isRecord(components.errors) ? Object.keys(components.errors) : [],
    Capabilities: [...new Set([...PLUGIN_CAPABILITIES, ...HOST_CAPABILITIES, ...HOST_ALERTS])],
  };
}

function recordsIn(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter((element) => isRecord(element)) : [];
}

/** A path begins with a schema's name, or with a method's name and `params` or `result`. */
function hasField(document: JsonObject, path: readonly string[]): boolean {
  const schemas = isRecord(document.components) ? document.components.schemas : undefined;
  const named = isRecord(schemas) ? schemas[path[0] ?? ""] : undefined;
  if (named !== undefined) return hasProperty(schemas, named, path.slice(1));
  const at = path.findIndex((step) => step === "params" || step === "result");
  const method = recordsIn(document.methods).find(({ name }) => name === path.slice(0, at).join("."));
  const [first = "", ...rest] = path.slice(at + 1);
  if (path[at] === "result") {
    return isRecord(method?.result) && hasProperty(schemas, method.result.schema, [first, ...rest]);
  }
  const param = recordsIn(method?.params).find(({ name }) => name === first);
  return param !== undefined && hasProperty(schemas, param.schema, rest);
}

/** @param schemas the components, where references end */
function hasProperty(schemas: Json | undefined, schema: Json | undefined, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return schema !== undefined;
  const target = isRecord(schema) && isRecord(schemas) ? schemas[nameIn(schema.$ref)] : undefined;
  const { properties } = isRecord(target) ? target : isRecord(schema) ? schema : {};
  return isRecord(properties) && hasProperty(schemas, properties[first], rest);
}

const nameIn = (reference: Json | undefined): string => String(reference).split("/").at(-1) ?? "";

function readChangelog(text: string): ChangelogVersion[] {
  return sectionsOf(text, "## ").map(([version, body]) => {
    const parts = new Map(sectionsOf(body, "### "));
    return { version, added: listsIn(parts.get("Added")), removed: listsIn(parts.get("Removed")) };
  });
}

/** @returns the heading and the text of every section whose heading begins with the mark */
function sectionsOf(text: string, mark: string): [heading: string, body: string][] {
  return `\n${text}`
    .split(`\n${mark}`)
    .slice(1)
    .map((section) => {
      const [heading = ""] = section.split("\n", 1);
      return [heading.trim(), section.slice(heading.length)];
    });
}

/** The names of each list item, such as "- Methods: `a`, `b`", by the item's kind. */
function listsIn(text = ""): Map<string, string[]> {
  const items = text.split("\n- ").slice(1);
  return new Map(
    items.map((item) => [
      item.slice(0, item.indexOf(":")),
      [...item.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    ]),
  );
}
