// Writes files as a whole: a reader sees the old content or the new one, and so does the next start after a crash.

import { randomUUID } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** Only the user may read the file. */
const PRIVATE = 0o600;

/** A crash leaves the old or the new content, and perhaps a file that ends in .tmp. @throws the system's errors */
export function replaceFile(path: string, content: string | Uint8Array, mode = PRIVATE): Promise<void> {
  return writeThroughTemporary(path, content, (temporary) => rename(temporary, path), mode);
}

/** @param publish gives the written file its name, or leaves it. Its own name is removed afterwards */
export async function writeThroughTemporary(
  path: string,
  content: string | Uint8Array,
  publish: (temporary: string) => Promise<void>,
  mode = PRIVATE,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(temporary, content, mode);
    await publish(temporary);
  } finally {
    await unlink(temporary).catch(() => undefined); // it was never created, or was renamed
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
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
