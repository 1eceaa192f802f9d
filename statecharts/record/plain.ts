// Converts contexts and events to JSON: actors become paths, maps become lists of pairs, errors become their text. The order of
// keys is kept, so that the same state always gives the same text.

import type { AnyActorRef } from "xstate";

/** Deeper than any context. Deeper levels are cut, so that a cycle ends. */
const MAX_DEPTH = 16;

/** `callManager/call:ID/link`: the name of an actor in a log. A root has the name of its chart, because xstate only numbers roots. */
export function pathOf(ref: AnyActorRef): string {
  return ref._parent ? `${pathOf(ref._parent)}/${ref.id}` : (chartOf(ref) ?? ref.id);
}

/** @returns the id of the actor's chart; null for an effect */
export function chartOf(ref: AnyActorRef): string | null {
  const logic: unknown = "logic" in ref ? ref.logic : null;
  return isObject(logic) && "root" in logic && "id" in logic ? String(logic.id) : null;
}

export function toPlain(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (!isObject(value)) return value;
  if (isActor(value)) return { $actor: pathOf(value) };
  if (value instanceof Error) return { $error: value.name, message: value.message };
  if (depth >= MAX_DEPTH) return "…";
  if (value instanceof Map) return { $map: [...value].map((pair) => toPlain(pair, depth + 1)) };
  if (value instanceof Set) return { $set: [...value].map((one) => toPlain(one, depth + 1)) };
  if (Array.isArray(value)) return value.map((one) => toPlain(one, depth + 1) ?? null);
  return plainObject(value, depth);
}

/** Omits values without a JSON form, as JSON does. */
export function plainObject(value: object, depth = 0): Record<string, unknown> {
  const pairs = Object.entries(value).map(([key, one]) => [key, toPlain(one, depth + 1)] as const);
  return Object.fromEntries(pairs.filter(([, one]) => one !== undefined));
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isActor(value: object): value is AnyActorRef {
  return "sessionId" in value && "getSnapshot" in value && "logic" in value;
}

/** The reverse, for events that a replay sends again. An actor stays a path, because no event contains one. */
export function fromPlain(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  if ("$error" in value && "message" in value) return errorFrom(String(value.$error), String(value.message));
  if ("$map" in value && Array.isArray(value.$map))
    return new Map(fromPlain(value.$map) as [unknown, unknown][]);
  if ("$set" in value && Array.isArray(value.$set)) return new Set(fromPlain(value.$set) as unknown[]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromPlain(one)]));
}

function errorFrom(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
