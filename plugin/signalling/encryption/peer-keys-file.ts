// Stores the peers' keys on disk. Without them a restarted plugin could not decrypt the messages of a peer that still
// encrypts for it. Even the peer's identity message would be encrypted.

import { replaceFile } from "../../common/durable-file.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { PeerKeys } from "./peer-keys.ts";
import { readIfExists } from "./secret-file.ts";

/** Writes at most once per `saveMs`, however often peers change their keys. */
export class PeerKeysFile {
  readonly #path: string;
  readonly #saveMs: number;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #serialize: () => string = () => "{}";

  constructor(path: string, saveMs: number, log: Log) {
    this.#path = path;
    this.#saveMs = saveMs;
    this.#log = log;
  }

  /** Never rejects. Keys can be requested again, so a damaged file is only a warning. The next change replaces it. */
  async loadInto(keys: PeerKeys): Promise<void> {
    this.#serialize = () => keys.serialize();
    try {
      const bytes = await readIfExists(this.#path);
      if (bytes) keys.load(new TextDecoder().decode(bytes));
    } catch (error) {
      this.#log("warn", `cannot read the peers' keys ${this.#path}: ${errorText(error)}`);
    }
  }

  scheduleSave(): void {
    this.#timer ??= setTimeout(() => this.#write(), this.#saveMs);
  }

  /** Writes pending changes. Never rejects. */
  close(): Promise<void> {
    if (this.#timer) this.#write();
    return this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(async () => {
      try {
        await replaceFile(this.#path, new TextEncoder().encode(this.#serialize()));
      } catch (error) {
        this.#log("warn", `cannot write the peers' keys ${this.#path}: ${errorText(error)}`);
      }
    });
  }
}
