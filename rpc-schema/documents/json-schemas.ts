// Converts zod schemas to JSON Schema draft 7, the dialect of OpenRPC 1.3, with one definition for each named schema.

import { z } from "zod";
import * as common from "../common.ts";
import { endReasonSchema } from "../end-reasons.ts";
import { errorDataSchema } from "../errors.ts";
import { isRecord, type Json, type JsonObject } from "../is-record.ts";
import { callStatisticsSchema, frameCountsSchema } from "../methods/calls.ts";
import { reportedSettingsSchema } from "../settings/settings.ts";

/** Schemas that appear in several places, with the names for a host's generated types. */
const names = new Map<unknown, string>([
  [common.callIdSchema, "CallId"],
  [common.peerIdSchema, "PeerId"],
  [common.deviceSchema, "Device"],
  [common.deviceStateSchema, "DeviceState"],
  [common.callInfoSchema, "CallInfo"],
  [common.contactSchema, "Contact"],
  [callStatisticsSchema, "CallStatistics"],
  [frameCountsSchema, "FrameCounts"],
  [endReasonSchema, "EndReason"],
  [errorDataSchema, "ErrorData"],
  [reportedSettingsSchema, "Settings"],
]);

/** zod writes a definition for every schema whose metadata has an id. */
class NamedSchemas extends z.core.$ZodRegistry<z.GlobalMeta> {
  override get(schema: z.core.$ZodType) {
    const id = names.get(schema);
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
  /** Does the same, but writes the outermost schema out even where it has a name. */
  inline(schema: z.ZodType, io: Io): JsonObject;
  /** Every named schema that was used, sorted by name. */
  components(): JsonObject;
}

const DEFINITIONS = "#/definitions/";
const COMPONENTS = "#/components/schemas/";

/** @throws Error from `write` when one name would have two different schemas */
export function createSchemaWriter(): SchemaWriter {
  const found: JsonObject = {};

  function keep(name: string, schema: Json): void {
    const before = found[name];
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(schema)) {
      throw new Error(`${name} differs between input and output, so it cannot have one name`);
    }
    found[name] = schema;
  }

  function write(schema: z.ZodType, io: Io): JsonObject {
    const metadata = new NamedSchemas();
    const whole = relocated(
      z.toJSONSchema(schema, { target: "draft-7", io, metadata, override: allowUnknownFields }),
    );
    const { $schema: _dialect, definitions = {}, ...written } = whole;
    if (isRecord(definitions)) Object.entries(definitions).map(([name, one]) => keep(name, one));
    return written;
  }

  function inline(schema: z.ZodType, io: Io): JsonObject {
    const written = write(schema, io);
    const target = typeof written.$ref === "string" ? found[written.$ref.slice(COMPONENTS.length)] : written;
    return isRecord(target) ? target : {};
  }

  return { write, inline, components: () => Object.fromEntries(Object.entries(found).sort(byName)) };
}

/** zod closes every object of an output. Only strict objects refuse unknown fields, so only they stay closed. */
function allowUnknownFields({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: object;
}): void {
  const { def } = zodSchema._zod;
  if (def.type === "object" && def.catchall === undefined)
    Reflect.deleteProperty(jsonSchema, "additionalProperties");
}

/** @returns plain JSON whose references point to the document's components, where the definitions are put */
function relocated(schema: object): JsonObject {
  return JSON.parse(JSON.stringify(schema).replaceAll(`"$ref":"${DEFINITIONS}`, `"$ref":"${COMPONENTS}`));
}

function byName([a]: [string, Json], [b]: [string, Json]): number {
  return a < b ? -1 : 1;
}
