// Runs the inspection server exactly while the setting `debugging` is on, and writes its address to the runtime file. A failure is
// logged and never affects a call.

import { failureText } from "../common/system-failure.ts";
import type { Log } from "../log.ts";
import type { Inspectable } from "./inspection-clients.ts";
import type { InspectionServer } from "./inspection-server.ts";
import { type RuntimeNote, removeRuntimeFile, writeRuntimeFile } from "./runtime-file.ts";

export interface InspectionOptions extends Inspectable {
  /** Folder of the runtime files; undefined: no inspection without the host. */
  readonly folder: string | undefined;
  readonly version: string;
  readonly log: Log;
}

export interface Inspection {
  /** Applies the current settings. @param label the label of the identity */
  follow(isDebugging: boolean, label: string): void;
  /** Disconnects every client and removes the runtime file. */
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
  /** Serialises the changes. */
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
      this.#options.log("warn", `\`inspect\` cannot connect: ${failureText(error)}`);
    });
  }

  async #settle(folder: string): Promise<void> {
    const { version, log } = this.#options;
    if (!this.#isWanted) await this.#end();
    const isNew = this.#isWanted && !this.#server;
    if (isNew) {
      // Loaded only when it is wanted, because every start would pay for its modules.
      const { startInspectionServer } = await import("./inspection-server.ts");
      this.#server = await startInspectionServer(this.#options);
    }
    try {
      writeRuntimeFile(folder, { version, label: this.#label, watch: this.#addresses() });
    } catch (error) {
      await this.#end(); // without the file no client can find the server
      throw error;
    }
    if (isNew) log("info", "`inspect` can connect");
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
