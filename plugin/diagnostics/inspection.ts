// Whether the charts can be watched without the host: the server is open exactly while the setting `debugging` is on, and
// the runtime file says where. Nothing of it may hinder a call: what fails is logged.

import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { Inspectable } from "./inspection-clients.ts";
import { type InspectionServer, startInspectionServer } from "./inspection-server.ts";
import { type RuntimeNote, removeRuntimeFile, writeRuntimeFile } from "./runtime-file.ts";

export interface InspectionOptions extends Inspectable {
  /** Of the runtime files; undefined: the charts are watched by the host alone. */
  readonly folder: string | undefined;
  readonly version: string;
  readonly log: Log;
}

export interface Inspection {
  /** The settings as they are now. @param label of the identity */
  follow(isDebugging: boolean, label: string): void;
  /** Ends every watcher, and the file is gone. */
  close(): Promise<void>;
}

export function createInspection(options: InspectionOptions): Inspection {
  return new FollowingInspection(options);
}

class FollowingInspection implements Inspection {
  readonly #options: InspectionOptions;
  #server: InspectionServer | null = null;
  #isWanted = false;
  #label = "";
  /** One change after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  follow(isDebugging: boolean, label: string): void {
    const { folder } = this.#options;
    if (folder === undefined) return;
    this.#isWanted = isDebugging;
    this.#label = label;
    this.#queue(() => this.#settle(folder));
  }

  close(): Promise<void> {
    const { folder } = this.#options;
    this.#isWanted = false;
    this.#queue(async () => {
      await this.#end();
      if (folder !== undefined) removeRuntimeFile(folder);
    });
    return this.#turn;
  }

  #queue(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      const why = errorText(error);
      this.#options.log("warn", `the charts cannot be watched by \`inspect\`: ${why}`);
    });
  }

  async #settle(folder: string): Promise<void> {
    const { version, log } = this.#options;
    if (!this.#isWanted) await this.#end();
    const isNew = this.#isWanted && !this.#server;
    if (isNew) this.#server = await startInspectionServer(this.#options);
    try {
      writeRuntimeFile(folder, { version, label: this.#label, watch: this.#addresses() });
    } catch (error) {
      await this.#end(); // nobody could find it
      throw error;
    }
    if (isNew) log("info", "the charts can be watched by `inspect`");
  }

  #addresses(): RuntimeNote["watch"] {
    const server = this.#server;
    return server && { pageUrl: server.pageUrl, statelyUrl: server.statelyUrl };
  }

  async #end(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.close();
  }
}
