// Small private files. They are created once, or replaced atomically, so that no reader sees a partial file.

import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../../common/make-folder.ts";
import { failureText } from "../../common/system-failure.ts";
import type { Log } from "../../log.ts";
import { SignallingError } from "../port.ts";

interface Secret {
  /** The file's name in error messages. */
  readonly what: string;
  readonly path: string;
  create(): Uint8Array;
  /** @returns the same bytes @throws Error if they are damaged */
  check(bytes: Uint8Array): Uint8Array;
  readonly log: Log;
}

/**
 * Reads the file, or creates it with mode 0600 in a directory with mode 0700. Two processes that start at the same time get
 * the same secret.
 * @throws SignallingError startFailed if the file is damaged or cannot be read or created
 */
export async function loadOrCreateSecret({ what, path, create, check, log }: Secret): Promise<Uint8Array> {
  try {
    const existing = await readIfExists(path);
    if (!existing) await createOnce(path, create());
    const secret = check(existing ?? (await readFile(path)));
    await warnIfReadableByOthers(what, path, log);
    return secret;
  } catch (error) {
    throw new SignallingError("startFailed", `${what} ${path}: ${failureText(error)}`, error);
  }
}

/** @returns undefined if the file does not exist */
export async function readIfExists(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Writes with mode 0600. A crash leaves the old or the new content, and perhaps a file that ends in .tmp. */
export function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  return writeThroughTemporary(path, bytes, (temporary) => rename(temporary, path));
}

/** Uses link(2), because rename(2) would replace a file that another process created meanwhile. */
async function createOnce(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  await writeThroughTemporary(path, bytes, async (temporary) => {
    await link(temporary, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  });
}

async function writeThroughTemporary(
  path: string,
  bytes: Uint8Array,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(temporary, bytes);
    await publish(temporary);
  } finally {
    await unlink(temporary).catch(() => undefined); // it was never created, or was renamed
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function warnIfReadableByOthers(what: string, path: string, log: Log): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if (mode & 0o077) log("warn", `${what} ${path} has mode 0${mode.toString(8)}, expected 0600`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
