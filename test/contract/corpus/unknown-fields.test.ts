// A newer sender may add fields to any message. Receivers ignore unknown fields at every depth and log each once. Wrong types
// and missing fields are still refused by name. The messages come from the recorded corpus.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import {
  hostNotifications,
  methods,
  pluginMethods,
  pluginNotifications,
  RpcError,
  signalSchema,
  unknownFields,
} from "../../../rpc-schema/index.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";
import { type CorpusEntry, methodOf, readCorpus } from "./corpus.ts";
import { type Delivery, deliverToHost, deliverToPlugin } from "./deliver.ts";

const NEW_FIELD = "x-later";
/** Parts that pass unread, so that a new field within them is no unknown one. */
const OPAQUE = [
  /^(signal\.send|signal\.deliver) params\.payload/,
  /^charts\.recorded params\.entries\.\d+\.(changed|event|input|value|delays)/,
];
/** Parts in which an unknown name is the mistake of a user. */
const STRICT = /^(initialize|settings\.update) params\.settings/;

type Path = readonly (string | number)[];

const corpus = readCorpus("version-1.jsonl");
const deliver = (entry: CorpusEntry, times?: number): Promise<Delivery> =>
  (entry.from === "host" ? deliverToPlugin : deliverToHost)(entry, times);

/** The paths of all objects within a value, itself included. */
function objectsIn(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => objectsIn(element, [...path, index]));
  if (!isRecord(value)) return [];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => objectsIn(inner, [...path, key]))];
}

/** @returns a copy of the message in which `change` was applied to the object at the path */
function changedAt(
  { message, ...entry }: CorpusEntry,
  path: Path,
  change: (object: Record<string, unknown>) => void,
) {
  const copy = structuredClone(message);
  const object = path.reduce<unknown>((at, key) => Object(at)[key], copy);
  assert.ok(isRecord(object));
  change(object);
  return { ...entry, message: copy };
}

const titleOf = (entry: CorpusEntry, index: number) =>
  `${index + 1}: ${entry.answers === undefined ? "" : "answer to "}${methodOf(entry)} from the ${entry.from}`;

describe("a new field in every object of every message", () => {
  for (const [index, entry] of corpus.entries()) {
    test(`line ${titleOf(entry, index)}`, async () => {
      for (const path of objectsIn(entry.message)) {
        const place = `${methodOf(entry)} ${path.join(".")}`;
        const message = changedAt(entry, path, (object) => {
          object[NEW_FIELD] = 1;
        });
        if (STRICT.test(place)) await assertRefused(message, `${path.slice(1).join(".")}.${NEW_FIELD}`);
        else await assertIgnored(message, isLogged(path, place), place);
      }
    });
  }
});

/** Members of the JSON-RPC envelope and of an error are no part of the contract's schemas. */
function isLogged(path: Path, place: string): boolean {
  return (path[0] === "params" || path[0] === "result") && !OPAQUE.some((opaque) => opaque.test(place));
}

/** Twice the same message gives one line. */
async function assertIgnored(entry: CorpusEntry, isOnceLogged: boolean, place: string): Promise<void> {
  const { delivered, logged } = await deliver(entry, 2);
  assert.notEqual(delivered, undefined, `${place}: ${logged.join("\n")}`);
  if (!isRecord(entry.message.error)) assert.ok(!(delivered instanceof Error), `${place}: ${delivered}`);
  const lines = logged.filter((line) => line.startsWith("debug: ") && line.includes(NEW_FIELD));
  assert.deepEqual(
    [logged.length, lines.length],
    isOnceLogged ? [1, 1] : [0, 0],
    `${place}: ${logged.join("\n")}`,
  );
}

async function assertRefused(entry: CorpusEntry, field: string): Promise<void> {
  const { delivered, logged } = await deliver(entry);
  if (delivered instanceof RpcError) {
    assert.equal(delivered.kind, "invalidParams");
    assert.ok(
      delivered.issues?.some((issue) => isAt(issue.field, field)),
      `${field}: ${delivered.message}`,
    );
  } else if (delivered instanceof Error) {
    assert.match(delivered.message, new RegExp(`does not fit the contract: (.*; )?${field}[ .]`), field);
  } else {
    assert.equal(delivered, undefined, field);
    assert.match(logged.join("\n"), new RegExp(`${methodOf(entry)}.*: (.*; )?${field}[ .]`));
  }
}

const isAt = (found: string, field: string) => found === field || found.startsWith(`${field}.`);

/** The schemas of the fields of a message's params or result; none where those are no object. */
function fieldsOf(entry: CorpusEntry): [string, z.ZodType][] {
  const name = methodOf(entry);
  const requests: Record<string, { params: z.ZodType; result: z.ZodType }> = { ...methods, ...pluginMethods };
  const notifications: Record<string, { params: z.ZodType }> = {
    ...hostNotifications,
    ...pluginNotifications,
  };
  const schema =
    entry.answers === undefined ? (requests[name] ?? notifications[name])?.params : requests[name]?.result;
  return schema instanceof z.ZodObject ? Object.entries<z.ZodType>(schema.shape) : [];
}

describe("a wrong or missing field of every message", () => {
  for (const [index, entry] of corpus.entries()) {
    const member = entry.answers === undefined ? "params" : "result";
    if (!isRecord(entry.message[member])) continue;
    test(`line ${titleOf(entry, index)}`, async () => {
      for (const [field, schema] of fieldsOf(entry)) {
        const wrong = [7, "", {}, [], true].find((value) => !schema.safeParse(value).success);
        assert.notEqual(wrong, undefined, field);
        await assertRefused(
          changedAt(entry, [member], (object) => {
            object[field] = wrong;
          }),
          field,
        );
        if (schema.safeParse(undefined).success) continue;
        await assertRefused(
          changedAt(entry, [member], (object) => {
            delete object[field];
          }),
          field,
        );
      }
    });
  }
});

describe("signals", () => {
  const sdp = "v=0\r\n";
  const samples: Record<string, unknown>[] = [
    {
      type: "call-request",
      mode: "native",
      platform: "linux",
      mediaType: "video",
      constraints: { video: true },
    },
    { type: "call-ack", mode: "native", platform: "linux" },
    { type: "call-offer", sdp },
    { type: "call-answer", sdp },
    {
      type: "ice-candidate",
      candidate: { candidate: "c", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" },
    },
    { type: "call-hangup", reason: "hungUp" },
    { type: "call-reconnect", channelId: "c", mediaType: "audio" },
    { type: "call-reconnect-ack", mode: "browser", platform: "mac" },
    { type: "call-ringing" },
    {
      type: "call-media",
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      rung: "voiceOnly",
      why: "w",
    },
    { type: "call-check", nonce: "0".repeat(64) },
  ];

  test("of every type are accepted with a new field in every object, and the field is found", () => {
    assert.deepEqual(
      samples.map(({ type }) => type).sort(),
      signalSchema.options.map(({ shape }) => shape.type.value).sort(),
    );
    for (const sample of samples) {
      for (const path of objectsIn(sample)) {
        const entry: CorpusEntry = { from: "plugin", message: sample };
        const { message } = changedAt(entry, path, (object) => {
          object[NEW_FIELD] = 1;
        });
        const { [NEW_FIELD]: _, ...parsed } = { ...signalSchema.parse(message), [NEW_FIELD]: 0 };
        assert.deepEqual(parsed, sample);
        assert.deepEqual(unknownFields(message, signalSchema.parse(message)), [
          [...path, NEW_FIELD].join("."),
        ]);
      }
    }
  });

  test("with a wrong type or without a field are refused", () => {
    for (const wrong of [
      { type: "call-offer", sdp: 7 },
      { type: "call-offer" },
      { type: "call-media", microphone: 1, camera: true },
      { type: "ice-candidate", candidate: {} },
      { type: "call-tomorrow" },
    ]) {
      assert.equal(signalSchema.safeParse(wrong).success, false, JSON.stringify(wrong));
    }
  });
});
