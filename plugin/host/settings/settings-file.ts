// The host's own file, as the field has it (goop.json): read as it is, and written so that nothing in it is lost but
// what was changed. Knows sections and keys, not what they mean.

import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { errorText } from "../../common/error-text.ts";

type JsonObject = Record<string, unknown>;

/** One value and its place: `viewer`, or `plugins.call` for an object within an object. */
export interface PlacedValue {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
}

/** The field's file holds a private key. */
const NEW_FILE_MODE = 0o600;
const INDENT = 2;

export interface SettingsFile {
  /** Undefined where the file, the section or the key is missing. */
  read(section: string, key: string): unknown;
  /**
   * Reads anew, since another program may have written, puts these values in their places, and replaces the file in
   * one step. @throws Error that names the file; it is as it was then
   */
  write(values: readonly PlacedValue[]): Promise<void>;
}

/** @throws Error when the file is there and cannot be read, or holds something else than a JSON object */
export async function openSettingsFile(path: string): Promise<SettingsFile> {
  let content = await readObject(path);
  // Two writes at once would each lose the other's change.
  let last: Promise<void> = Promise.resolve();
  const write = async (values: readonly PlacedValue[]): Promise<void> => {
    const now = await readObject(path);
    for (const { section, key, value } of values) sectionOf(now, section)[key] = value;
    await replace(path, `${JSON.stringify(now, null, INDENT)}\n`);
    content = now;
  };
  return {
    read: (section, key) => at(valueAt(content, section), key),
    write(values) {
      const written = last.then(() => write(values));
      last = written.catch(() => undefined);
      return written;
    },
  };
}

async function readObject(path: string): Promise<JsonObject> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new Error(`${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch (error) {
    throw new Error(`${path} is not JSON, and is left as it is: ${errorText(error)}`, { cause: error });
  }
  throw new Error(`${path} holds no JSON object, and is left as it is`);
}

/** Made where it is missing. A section that is no object is in nobody's use, and makes way. */
function sectionOf(content: JsonObject, section: string): JsonObject {
  return section.split(".").reduce<JsonObject>((inner, key) => {
    const found = Object.hasOwn(inner, key) ? inner[key] : undefined;
    if (isObject(found)) return found;
    const made: JsonObject = {};
    inner[key] = made;
    return made;
  }, content);
}

/** In one step and with the mode it had: whoever reads meanwhile finds the old file or the new one, whole. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => NEW_FILE_MODE,
  );
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Error(`${path} cannot be written: ${errorText(error)}`, { cause: error });
  }
}

function valueAt(content: JsonObject, section: string): unknown {
  return section.split(".").reduce<unknown>(at, content);
}

function at(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
