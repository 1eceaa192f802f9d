// Creates a folder with its parents. Node's mkdir with `recursive` never ends where a file system refuses a new entry with
// ENOENT, as /proc does: it creates the parent, which exists, and tries again without a limit.

import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "./system-failure.ts";

/** Only our user may see which files the folder holds. */
const PRIVATE = 0o700;

/**
 * Does nothing if the folder exists.
 * @param mode of every folder that is created, see mkdir(2)
 * @throws Error of mkdir(2) with its `code`
 */
export async function makeFolder(path: string, mode = PRIVATE): Promise<void> {
  try {
    await makeOne(path, mode);
  } catch (error) {
    if (!lacksParent(error, path)) throw error;
    await makeFolder(dirname(path), mode);
    await makeOne(path, mode); // the parent exists now, so a further ENOENT is final
  }
}

/** Like `makeFolder`, but blocks the process meanwhile. */
export function makeFolderSync(path: string, mode = PRIVATE): void {
  try {
    makeOneSync(path, mode);
  } catch (error) {
    if (!lacksParent(error, path)) throw error;
    makeFolderSync(dirname(path), mode);
    makeOneSync(path, mode);
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}

function makeOneSync(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

function lacksParent(error: unknown, path: string): boolean {
  return errnoOf(error) === "ENOENT" && dirname(path) !== path;
}
