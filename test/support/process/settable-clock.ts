// A date for one process that a test sets while the process runs. Its monotonic clock goes on. Needs the package libfaketime.

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SettableClock {
  /** The environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Sets the date to so many hours from the true one. */
  set(hours: number): void;
  remove(): void;
}

export function createSettableClock(): SettableClock {
  const library = join(findFolder("/usr/lib"), "libfaketimeMT.so.1");
  const file = join(tmpdir(), `clock-${process.pid}-${performance.now()}`);
  const set = (hours: number): void => writeFileSync(file, `${hours < 0 ? "" : "+"}${hours}h\n`);
  set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Otherwise the file is read every ten seconds only.
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
    remove: () => rmSync(file, { force: true }),
  };
}

/** The folder is named after the processor. */
function findFolder(libraries: string): string {
  for (const triplet of readdirSync(libraries)) {
    const folder = join(libraries, triplet, "faketime");
    try {
      readdirSync(folder);
      return folder;
    } catch {
      // Another folder has it.
    }
  }
  throw new Error(`${libraries} holds no faketime/; install libfaketime`);
}
