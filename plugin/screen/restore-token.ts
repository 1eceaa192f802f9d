// Keeps the token by which the desktop knows the user's last choice, in the host's data folder. A token is good for one use.

import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile } from "../common/durable-file.ts";
import { errorText } from "../common/error-text.ts";
import { makeFolder } from "../common/make-folder.ts";
import { errnoOf } from "../common/system-failure.ts";
import type { Log } from "../log.ts";

const FILE = "screen-restore-token";

export class RestoreToken {
  readonly #log: Log;
  readonly #accepts: (text: string) => boolean;
  #folder: string | null = null;
  #token: string | null = null;

  /** @param accepts whether a text from the file can be a token */
  constructor(log: Log, accepts: (text: string) => boolean) {
    this.#log = log;
    this.#accepts = accepts;
  }

  /** From then on the token outlives this process. */
  keepIn(folder: string): void {
    this.#folder = folder;
  }

  /** Removes the token. @returns null where there is none. Never rejects */
  async take(): Promise<string | null> {
    const token = this.#token ?? (await this.#read());
    await this.put(null);
    return token;
  }

  /** Replaces the token. A token that cannot be kept is logged. */
  async put(token: string | null): Promise<void> {
    this.#token = token;
    if (this.#folder === null) return;
    const path = join(this.#folder, FILE);
    try {
      if (token === null) {
        await rm(path, { force: true });
        return;
      }
      await makeFolder(dirname(path));
      await replaceFile(path, `${token}\n`);
    } catch (error) {
      this.#log("warn", `the choice of a screen cannot be kept in ${path}: ${errorText(error)}`);
    }
  }

  async #read(): Promise<string | null> {
    if (this.#folder === null) return null;
    try {
      const text = (await readFile(join(this.#folder, FILE), "utf8")).trim();
      return this.#accepts(text) ? text : null;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") this.#log("warn", `no earlier choice: ${errorText(error)}`);
      return null;
    }
  }
}
