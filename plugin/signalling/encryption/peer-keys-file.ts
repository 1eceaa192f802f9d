// Keeps the peers' keys over a restart. Without them a peer that still seals for us could not be understood: even its
// answer to who it is would come sealed with a key that we no longer know.

import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { PeerKeys } from "./peer-keys.ts";
import { readIfThere, replaceFile } from "./secret-file.ts";

/** Writes at most once per `saveMs`, whatever peers tell. */
export class PeerKeysFile {
  readonly #path: string;
  readonly #saveMs: number;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #save: () => string = () => "{}";

  constructor(path: string, saveMs: number, log: Log) {
    this.#path = path;
    this.#saveMs = saveMs;
    this.#log = log;
  }

  /** Never rejects: keys can be asked for again, so a damaged file is a warning, and replaced by the next change. */
  async loadInto(keys: PeerKeys): Promise<void> {
    this.#save = () => keys.save();
    try {
      const bytes = await readIfThere(this.#path);
      if (bytes) keys.load(new TextDecoder().decode(bytes));
    } catch (error) {
      this.#log("warn", `peers' keys ${this.#path} are not read: ${errorText(error)}`);
    }
  }

  changed(): void {
    this.#timer ??= setTimeout(() => this.#write(), this.#saveMs);
  }

  /** Writes what is not yet written. Never rejects. */
  close(): Promise<void> {
    if (this.#timer) this.#write();
    return this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(async () => {
      try {
        await replaceFile(this.#path, new TextEncoder().encode(this.#save()));
      } catch (error) {
        this.#log("warn", `peers' keys ${this.#path} are not written: ${errorText(error)}`);
      }
    });
  }
}
