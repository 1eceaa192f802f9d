// Looks for ALSA's pulse plugin, through which PortAudio reaches the sound server. Some systems have ALSA's plugin for PipeWire
// only. There the server's default is opened through ALSA, as without a list of the server's devices.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const PLUGIN = "libasound_module_pcm_pulse.so";
const LIBRARIES = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/** @param folder where ALSA loads plugins from instead of its own folder: ALSA_PLUGIN_DIR */
export function hasPulsePlugin(folder: string | undefined, libraries = LIBRARIES): boolean {
  const folders = libraries.flatMap((library) => [
    join(library, "alsa-lib"),
    // Debian has a folder for each processor.
    ...namesIn(library).map((name) => join(library, name, "alsa-lib")),
  ]);
  return [...folders, ...(folder ? [folder] : [])].some((one) => existsSync(join(one, PLUGIN)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no system has all of them
  }
}
