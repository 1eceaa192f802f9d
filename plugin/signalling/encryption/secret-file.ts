// Small private files: made once and never replaced, or replaced as a whole, so that nobody ever reads half of one.
// Knows paths and bytes, not what they mean.

import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { SignallingError } from "../port.ts";

export interface Secret {
  /** For messages. */
  readonly what: string;
  readonly path: string;
  create(): Uint8Array;
  /** Gives back what it was given. @throws Error when that is damaged */
  check(bytes: Uint8Array): Uint8Array;
  readonly log: Log;
}

/**
 * Reads the file, or makes it (mode 0600, its directory 0700) when there is none. Of two processes that start at once,
 * both get what was there first.
 * @throws SignallingError startFailed when it cannot be read or made, or is damaged
 */
export async function loadOrCreateSecret({ what, path, create, check, log }: Secret): Promise<Uint8Array> {
  try {
    const existing = await readIfThere(path);
    if (!existing) await makeOnce(path, create());
    const secret = check(existing ?? (await readFile(path)));
    await warnWhenOpenToOthers(what, path, log);
    return secret;
  } catch (error) {
    throw new SignallingError("startFailed", `${what} ${path}: ${errorText(error)}`, error);
  }
}

/** Undefined when there is no such file. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Mode 0600. A crash leaves the old content or the new, and perhaps a file that ends in .tmp. */
export function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  return throughTemporary(path, bytes, (temporary) => rename(temporary, path));
}

/** link(2), unlike rename(2), never replaces a file that another process has made meanwhile. */
async function makeOnce(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await throughTemporary(path, bytes, async (temporary) => {
    await link(temporary, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  });
}

async function throughTemporary(
  path: string,
  bytes: Uint8Array,
  put: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(temporary, bytes);
    await put(temporary);
  } finally {
    await unlink(temporary).catch(() => undefined); // never made, or renamed
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

async function warnWhenOpenToOthers(what: string, path: string, log: Log): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if (mode & 0o077) log("warn", `${what} ${path} has mode 0${mode.toString(8)}, expected 0600`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
