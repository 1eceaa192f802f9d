// Keeps the missed calls in a file of the host's data folder. The file is replaced as a whole, so a process that is killed leaves
// the old list or the new one.

import { constants } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { type MissedCaller, missedCallerSchema } from "../../rpc-schema/index.ts";
import { replaceFile } from "../common/durable-file.ts";
import { errorText } from "../common/error-text.ts";
import { makeFolder } from "../common/make-folder.ts";
import { errnoOf, FileError } from "../common/system-failure.ts";
import type { Log } from "../log.ts";

/** A hundred callers with long names. A larger file is none of ours. */
const MAX_BYTES = 256 * 1024;
const VERSION = 1;
const fileSchema = z.object({ version: z.literal(VERSION), missed: z.array(z.unknown()) });

export class MissedCallsFile {
  readonly #path: string;
  readonly #log: Log;
  #next: readonly MissedCaller[] | null = null;
  #writing: Promise<void> | null = null;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** A file that cannot be read, or that another program wrote, is set aside and counts as empty. Never rejects. */
  async read(): Promise<MissedCaller[]> {
    try {
      const text = await readBounded(this.#path);
      if (text === null) return [];
      const { missed } = fileSchema.parse(JSON.parse(text));
      return missed.flatMap((one) => missedCallerSchema.safeParse(one).data ?? []);
    } catch (error) {
      await this.#setAside(error);
      return [];
    }
  }

  /** Returns at once. While one list is being written, only the newest of the others waits. */
  write(missed: readonly MissedCaller[]): void {
    this.#next = missed;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when the last list is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let list = this.#take(); list !== null; list = this.#take()) {
      try {
        await makeFolder(dirname(this.#path));
        await replaceFile(this.#path, `${JSON.stringify({ version: VERSION, missed: list })}\n`);
      } catch (error) {
        const failure = new FileError("The list of missed calls", this.#path, "cannot be written", error);
        this.#log("warn", failure.message);
      }
    }
    this.#writing = null;
  }

  #take(): readonly MissedCaller[] | null {
    const list = this.#next;
    this.#next = null;
    return list;
  }

  async #setAside(error: unknown): Promise<void> {
    const kept = `${this.#path}.unreadable`;
    const why = error instanceof z.ZodError ? "it has another form" : errorText(error);
    try {
      await rename(this.#path, kept);
      this.#log("warn", `the missed calls in ${this.#path} cannot be read: ${why}; the file is now ${kept}`);
    } catch (failed) {
      this.#log("warn", `the missed calls in ${this.#path} cannot be read: ${why} (${errorText(failed)})`);
    }
  }
}

/** @returns null when there is no file. @throws Error also for a pipe, a folder and a file that is too large */
async function readBounded(path: string): Promise<string | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Opening a pipe for reading would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size > MAX_BYTES) throw new Error(`it has ${found.size} bytes, at most ${MAX_BYTES} are ours`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
