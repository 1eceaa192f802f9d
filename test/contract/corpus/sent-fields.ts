// Lists the fields that a plugin sends to its host, as an OpenRPC document describes them.

type Json = Readonly<Record<string, unknown>>;

/** @returns paths such as `call.changed.local.camera.state`, sorted; `*` is any element of an array or value of a map */
export function sentFields(document: Json): string[] {
  const found = new Set<string>();
  for (const method of document.methods as Json[]) {
    const name = String(method.name);
    const isFromPlugin = method["x-direction"] === "plugin-to-host";
    const sent = isFromPlugin ? (method.params as Json[]) : [method.result as Json | undefined];
    for (const part of sent) {
      if (part === undefined) continue;
      collect(document, part.schema as Json, isFromPlugin ? `${name}.${part.name}` : name, [], found);
    }
  }
  return [...found].sort();
}

function collect(
  document: Json,
  schema: Json,
  path: string,
  refs: readonly string[],
  found: Set<string>,
): void {
  found.add(path);
  const { $ref, properties, items, additionalProperties } = schema;
  if (typeof $ref === "string") {
    // A schema that contains itself has no new fields below.
    if (!refs.includes($ref)) collect(document, resolve(document, $ref), path, [...refs, $ref], found);
    return;
  }
  for (const [key, inner] of Object.entries((properties ?? {}) as Record<string, Json>)) {
    collect(document, inner, `${path}.${key}`, refs, found);
  }
  for (const key of ["allOf", "anyOf", "oneOf"]) {
    for (const inner of (schema[key] ?? []) as Json[]) collect(document, inner, path, refs, found);
  }
  for (const inner of [items, additionalProperties]) {
    if (typeof inner === "object" && inner !== null)
      collect(document, inner as Json, `${path}.*`, refs, found);
  }
}

function resolve(document: Json, ref: string): Json {
  return ref
    .replace("#/", "")
    .split("/")
    .reduce<Json>((inner, key) => inner[key] as Json, document);
}
