// Runs the inspection server exactly while the setting `debugging` is on, and writes its address to the runtime file. A failure is
// logged and never affects a call.

import type { Refusal } from "../../rpc-schema/index.ts";
import type { TurnedAway } from "../common/refusals.ts";
import { failureText } from "../common/system-failure.ts";
import type { Log } from "../log.ts";
import type { Inspectable } from "./inspection-clients.ts";
import type { InspectionServer } from "./inspection-server.ts";
import { type RuntimeNote, removeRuntimeFile, writeRuntimeFile } from "./runtime-file.ts";

export interface InspectionOptions extends Inspectable {
  /** Folder of the runtime files; undefined: no inspection without the host. */
  readonly folder: string | undefined;
  readonly version: string;
  /** What the process has refused so far. */
  refusals(): readonly Refusal[];
  readonly log: Log;
}

export interface Inspection {
  /** Applies the current settings. @param label the label of the identity */
  follow(isDebugging: boolean, label: string): void;
  /** Writes what was refused to the runtime file, for `doctor`. */
  refusalsChanged(): void;
  /** What the servers of this process turned away. */
  turnedAway(): TurnedAway;
  /** Disconnects every client and removes the runtime file. */
  close(): Promise<void>;
}

export function createInspection(options: InspectionOptions): Inspection {
  return new FollowingInspection(options);
}

class FollowingInspection implements Inspection {
  readonly #options: InspectionOptions;
  #server: InspectionServer | null = null;
  /** By the servers before. */
  #turnedAway: TurnedAway = { closed: 0, refused: 0 };
  #isWanted = false;
  /** Between the first `follow` and `close`. */
  #isFollowing = false;
  #label = "";
  /** Serialises the changes. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  follow(isDebugging: boolean, label: string): void {
    const { folder } = this.#options;
    if (folder === undefined) return;
    this.#isFollowing = true;
    this.#isWanted = isDebugging;
    this.#label = label;
    this.#queue(() => this.#settle(folder));
  }

  refusalsChanged(): void {
    const { folder } = this.#options;
    if (folder !== undefined && this.#isFollowing) this.#queue(async () => this.#write(folder));
  }

  turnedAway(): TurnedAway {
    return sumOf(this.#turnedAway, this.#server?.turnedAway());
  }

  close(): Promise<void> {
    const { folder } = this.#options;
    this.#isWanted = false;
    this.#isFollowing = false;
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
    const { log } = this.#options;
    if (!this.#isWanted) await this.#end();
    const isNew = this.#isWanted && !this.#server;
    if (isNew) {
      // Loaded only when it is wanted, because every start would pay for its modules.
      const { startInspectionServer } = await import("./inspection-server.ts");
      this.#server = await startInspectionServer(this.#options);
    }
    try {
      this.#write(folder);
    } catch (error) {
      await this.#end(); // without the file no client can find the server
      throw error;
    }
    if (isNew) log("info", "`inspect` can connect");
  }

  #write(folder: string): void {
    const { version, refusals } = this.#options;
    const refused = refusals().map(({ reason, count }) => ({ reason, count }));
    writeRuntimeFile(folder, { version, label: this.#label, watch: this.#addresses(), refused });
  }

  #addresses(): RuntimeNote["watch"] {
    const server = this.#server;
    return server && { pageUrl: server.pageUrl, statelyUrl: server.statelyUrl };
  }

  async #end(): Promise<void> {
    const server = this.#server;
    this.#turnedAway = this.turnedAway();
    this.#server = null;
    await server?.close();
  }
}

function sumOf(one: TurnedAway, other: TurnedAway = { closed: 0, refused: 0 }): TurnedAway {
  return { closed: one.closed + other.closed, refused: one.refused + other.refused };
}
