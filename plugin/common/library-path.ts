// Finds the library of an AppImage or of another program that stands in the way of ours. The program that started this one left its
// LD_LIBRARY_PATH (ld.so(8)), whose folders come before those of the system.

import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The engines use these, by the beginning of the file's name. */
const ENGINE_LIBRARIES = [
  "libturbojpeg.so",
  "libjpeg.so",
  "libyuv.so",
  "libspeexdsp.so",
  "libpipewire",
  "libxcb",
  "libwebrtc",
  "libstdc++.so",
  "libgcc_s.so",
  "libasound.so",
  "libpulse",
  "libudev.so",
];
const LIBRARY_NAME = /(?<![\w+.-])[\w+.-]+\.so(?:\.\d{1,9}){0,4}/g;

export interface LibraryInTheWay {
  /** A sentence that names the variable and the library. */
  readonly reason: string;
  readonly remedy: string;
}

/**
 * @param problem the message of the failed dlopen(3)
 * @param libraryPath the value of LD_LIBRARY_PATH
 * @param list the names in a folder; empty for a folder that cannot be read
 * @returns null unless a library of these folders explains the problem
 */
export function libraryInTheWay(
  problem: string,
  libraryPath: string | undefined,
  list: (folder: string) => readonly string[] = namesIn,
): LibraryInTheWay | null {
  const named: readonly string[] = problem.match(LIBRARY_NAME) ?? [];
  const folders = (libraryPath ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const present = folders.flatMap((folder) => list(folder).map((name) => ({ folder, name })));
  const found =
    present.find(({ name }) => named.includes(name)) ??
    present.find(({ name }) => ENGINE_LIBRARIES.some((library) => name.startsWith(library)));
  if (!found) return null;
  return {
    reason: `LD_LIBRARY_PATH puts ${join(found.folder, found.name)} in the place of the system's library`,
    remedy:
      "Start it without this variable: env -u LD_LIBRARY_PATH. " +
      "An AppImage sets it for itself and must not pass it on to the programs that it starts.",
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the variable may name folders that do not exist
  }
}
