// The host's settings file, in the format of Goop²'s goop.json. A write changes only the given values and keeps the rest.

import { readFile, stat } from "node:fs/promises";
import { isRecord } from "../../../rpc-schema/is-record.ts";
import { replaceFile } from "../../common/durable-file.ts";
import { errorText } from "../../common/error-text.ts";
import { FileError } from "../../common/system-failure.ts";

type JsonObject = Record<string, unknown>;

/** A value and its place. `section` is a path such as `viewer` or `plugins.call`. */
export interface PlacedValue {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
}

/** Goop²'s file holds a private key. */
const NEW_FILE_MODE = 0o600;
const INDENT = 2;

export interface SettingsFile {
  /** Undefined when the file, the section or the key is missing. */
  read(section: string, key: string): unknown;
  /**
   * Reads the file again, because another program may have written it, sets the values, and replaces the file atomically.
   * @throws FileError, or Error for a file that is no JSON. The file is then unchanged
   */
  write(values: readonly PlacedValue[]): Promise<void>;
}

/** A missing file counts as empty. @throws Error when the file cannot be read or is not a JSON object */
export async function openSettingsFile(path: string): Promise<SettingsFile> {
  let content = await readObject(path);
  // Concurrent writes would lose each other's changes, so each waits for the one before.
  let lastWrite: Promise<void> = Promise.resolve();
  const write = async (values: readonly PlacedValue[]): Promise<void> => {
    const current = await readObject(path);
    for (const { section, key, value } of values) sectionOf(current, section)[key] = value;
    await replace(path, `${JSON.stringify(current, null, INDENT)}\n`);
    content = current;
  };
  return {
    read: (section, key) => at(valueAt(content, section), key),
    write(values) {
      const written = lastWrite.then(() => write(values));
      lastWrite = written.catch(() => undefined);
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
    throw new FileError("The settings file", path, "cannot be read", error);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch (error) {
    throw new Error(`${path} is not JSON, and is left unchanged: ${errorText(error)}`, { cause: error });
  }
  throw new Error(`${path} is not a JSON object, and is left unchanged`);
}

/** Creates a missing section. Replaces a section that is not an object. */
function sectionOf(content: JsonObject, section: string): JsonObject {
  return section.split(".").reduce<JsonObject>((inner, key) => {
    const found = Object.hasOwn(inner, key) ? inner[key] : undefined;
    if (isRecord(found)) return found;
    const created: JsonObject = {};
    inner[key] = created;
    return created;
  }, content);
}

/** With the mode of the old file. */
async function replace(path: string, text: string): Promise<void> {
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => NEW_FILE_MODE,
  );
  try {
    await replaceFile(path, text, mode);
  } catch (error) {
    throw new FileError("The settings file", path, "cannot be written", error);
  }
}

function valueAt(content: JsonObject, section: string): unknown {
  return section.split(".").reduce<unknown>(at, content);
}

function at(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
