// Small private files. They are created once, or replaced atomically, so that no reader sees a partial file.

import { link, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { writeThroughTemporary } from "../../common/durable-file.ts";
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

/** Uses link(2), because rename(2) would replace a file that another process created meanwhile. */
async function createOnce(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  await writeThroughTemporary(path, bytes, async (temporary) => {
    await link(temporary, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  });
}

async function warnIfReadableByOthers(what: string, path: string, log: Log): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if (mode & 0o077) log("warn", `${what} ${path} has mode 0${mode.toString(8)}, expected 0600`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
