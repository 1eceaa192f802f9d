// Checks for a sound server or a sound card, for the ALSA plugin that connects to the server, for the server's default devices,
// and for the priority of the sound. Opens no sound device.

import type { Device } from "../../rpc-schema/index.ts";
import { parseLimits } from "../priority/threads.ts";
import { TURNED_DOWN_PERCENT } from "../sound/server/server-devices.ts";
import type { SoundDevices } from "../sound/sound.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

const PULSE_MODULE = "libasound_module_pcm_pulse.so";
const PIPEWIRE_MODULE = "libasound_module_pcm_pipewire.so";

/** The beginning of the finding that there is none. */
export const NO_MICROPHONE = "The sound server has no microphone";

const CARDS = "/proc/asound";
const CARD = /^card\d+$/;

const PRIORITY = "sound priority";
const ROOT = 0;
const INSTALL_RTKIT =
  "Install rtkit: sudo apt-get install -y rtkit. Without it, give this user real time in /etc/security/limits.d: rtprio 20";

interface Server {
  readonly name: string;
  readonly socket: string;
  readonly restart: string;
}

/** Reports the first server that accepts connections. A sound card alone is enough without a server. */
export async function checkSound(system: SystemView): Promise<Finding[]> {
  const servers = serversOf(system);
  const cards = soundCards(system);
  for (const { name, socket } of servers) {
    if (await system.connects(socket)) {
      return [
        ok("sound server", `${name} accepts connections at ${socket}.`),
        checkAlsaPlugin(system),
        ...checkDevices(system, await system.soundDevices(), name),
      ];
    }
  }
  const unresponsive = servers.find(({ socket }) => exists(system, socket));
  if (unresponsive !== undefined) {
    const message = `${unresponsive.name} does not accept connections at ${unresponsive.socket}.`;
    return [warning("sound server", message, `Restart it: ${unresponsive.restart}`)];
  }
  if (cards.length > 0) {
    return [
      ok("sound server", `Without a sound server, ALSA uses the sound card directly: ${cards.join(", ")}.`),
      ...openSoundDevices(system),
    ];
  }
  const message =
    "There is neither a sound server nor a sound card, so you cannot hear others and they cannot hear you.";
  const action =
    "Plug in a headset, or start the sound server: systemctl --user start pipewire-pulse (or pulseaudio --start)";
  return [warning("sound server", message, action)];
}

/** The devices that `auto` opens, and what keeps sound from passing. */
function checkDevices(system: SystemView, devices: SoundDevices | null, server: string): Finding[] {
  const microphones = devices?.microphones ?? [];
  const speakers = devices?.speakers ?? [];
  // Only devices that the server itself has listed have a kind.
  if (![...microphones, ...speakers].some(({ kind }) => kind !== undefined)) {
    const message = "The sound server's devices cannot be listed by name, so only its default can be chosen.";
    const library = server === "PipeWire" ? "pipewire-pulse" : "libpulse0";
    const missing = alsaPlugins(system).includes(PULSE_MODULE) ? library : "libasound2-plugins";
    return [warning("sound devices", message, `sudo apt-get install -y ${missing}`)];
  }
  return [checkDevice("microphone", microphones), checkDevice("speaker", speakers)];
}

function checkDevice(what: "microphone" | "speaker", devices: readonly Device[]): Finding {
  const settings = "the system's sound settings";
  const device = devices.find(({ isDefault, kind }) => isDefault && kind !== undefined);
  if (device === undefined) {
    const monitors = devices.some(({ kind }) => kind === "monitor")
      ? ", only monitors, which repeat the sound of this computer and are never used unless chosen by name"
      : "";
    const action = `Plug in a ${what} or a headset. If one is plugged in, choose its profile in ${settings}.`;
    const message = what === "microphone" ? NO_MICROPHONE : "The sound server has no speaker";
    return warning(what, `${message}${monitors}.`, action);
  }
  const { name, isMuted, volume, port } = device;
  if (isMuted) return warning(what, `${name} is muted.`, `Unmute it in ${settings}.`);
  if (volume !== undefined && volume <= TURNED_DOWN_PERCENT) {
    return warning(what, `${name} is turned down to ${volume} %.`, `Turn it up in ${settings}.`);
  }
  if (port?.available === "no") {
    const message = `Nothing is plugged into ${name} (${port.name}).`;
    return warning(what, message, `Plug it in, or choose another ${what} in ${settings}.`);
  }
  return ok(what, `${name}${port === undefined ? "" : ` (${port.name})`} is the ${what}.`);
}

/** The sockets of the servers: PULSE_SERVER in pulseaudio(1), PIPEWIRE_REMOTE in pipewire(1). */
function serversOf({ environment, user }: SystemView): Server[] {
  const runtime = environment.XDG_RUNTIME_DIR ?? `/run/user/${user.id}`;
  const pulse = {
    name: "The sound server (PulseAudio protocol)",
    restart: "systemctl --user restart pipewire-pulse (or pulseaudio --start)",
  };
  const named = environment.PULSE_SERVER;
  if (named?.startsWith("unix:")) return [{ ...pulse, socket: named.slice("unix:".length) }];
  if (named?.startsWith("/")) return [{ ...pulse, socket: named }];
  const folder = environment.PULSE_RUNTIME_PATH ?? `${runtime}/pulse`;
  return [
    { ...pulse, socket: `${folder}/native` },
    {
      name: "PipeWire",
      socket: `${runtime}/${environment.PIPEWIRE_REMOTE ?? "pipewire-0"}`,
      restart: "systemctl --user restart pipewire",
    },
  ];
}

/** A crashed server leaves its socket behind. */
function exists(system: SystemView, path: string): boolean {
  const at = path.lastIndexOf("/");
  return system.list(path.slice(0, at)).includes(path.slice(at + 1));
}

/** Each card has two lines, and the second one holds only its location. */
function soundCards(system: SystemView): string[] {
  const text = system.readText("/proc/asound/cards") ?? "";
  return [...text.matchAll(/^ *\d+ \[[^\]\n]*\]: (.+)$/gm)].map(([, name = ""]) => name.trim());
}

/** One direction of a device: playback or capture. */
const PCM = /^pcm\d+([pc])$/;
const STREAM = /^sub\d+$/;

/**
 * Finds every stream of a card that is set up; see the kernel's Documentation/sound/designs/procfile.rst. A kernel without these files
 * has no finding.
 */
function openSoundDevices(system: SystemView): Finding[] {
  return namesIn(system, CARDS, CARD).flatMap((card) => {
    const folder = `${CARDS}/${card}`;
    const name = system.readText(`${folder}/id`)?.trim() ?? card;
    return namesIn(system, folder, PCM).flatMap((pcm) =>
      namesIn(system, `${folder}/${pcm}`, STREAM).flatMap((stream) => {
        const direction = PCM.exec(pcm)?.[1] === "c" ? "microphone" : "speaker";
        return describe(system, `${folder}/${pcm}/${stream}`, `The ${direction} of ${name}`);
      }),
    );
  });
}

function describe(system: SystemView, folder: string, what: string): Finding[] {
  const format = fieldsOf(system.readText(`${folder}/hw_params`));
  const channels = format.get("channels");
  const rate = format.get("rate")?.split(" ", 1)[0];
  // The file of a stream that is not set up says "closed".
  if (channels === undefined || rate === undefined) return [];
  const owner = fieldsOf(system.readText(`${folder}/status`)).get("owner_pid");
  const by = owner === undefined ? "" : ` by process ${owner}`;
  const count = `${channels} ${channels === "1" ? "channel" : "channels"}`;
  return [ok("open sound device", `${what} is open${by}, with ${count} at ${rate} Hz.`)];
}

/** Of lines such as `rate: 44100 (44100/1)`. */
function fieldsOf(text: string | null): Map<string, string> {
  const pairs = (text ?? "").split("\n").map((line) => line.split(":", 2));
  return new Map(pairs.map(([key = "", value = ""]) => [key.trim(), value.trim()]));
}

function namesIn(system: SystemView, folder: string, pattern: RegExp): string[] {
  return system
    .list(folder)
    .filter((name) => pattern.test(name))
    .toSorted();
}

/** PortAudio uses ALSA, which needs a plugin to connect to a server: `type pulse` or `type pipewire` in asoundrc. */
function checkAlsaPlugin(system: SystemView): Finding {
  const found = alsaPlugins(system);
  if (found.includes(PULSE_MODULE) || found.includes(PIPEWIRE_MODULE)) {
    return ok("sound plugin", "The ALSA plugin for the sound server is installed.");
  }
  const message =
    "The ALSA plugin for the sound server is missing, so the server's microphones and speakers cannot be used.";
  return warning("sound plugin", message, "sudo apt-get install -y libasound2-plugins");
}

function alsaPlugins(system: SystemView): string[] {
  const folders = ["/usr/lib64/alsa-lib", "/usr/lib/alsa-lib"].concat(
    system.list("/usr/lib").map((name) => `/usr/lib/${name}/alsa-lib`),
  );
  return folders.flatMap((folder) => system.list(folder));
}

/** Asks as the plugin does: rtkit, then the user's limits. Changes no priority. */
export async function checkPriority(system: SystemView): Promise<Finding> {
  const offer = await system.realTimeOffer();
  if (offer !== null && offer.maxPriority > 0) return beforeOthers(`real time from ${offer.name}`);
  const limits = parseLimits(system.readText("/proc/self/limits") ?? "");
  const { realTimePriority, nice } = limits;
  if (realTimePriority > 0)
    return beforeOthers(`real time by this user's limits (rtprio ${realTimePriority})`);
  if (system.user.id === ROOT) return beforeOthers("real time, as root may take it");
  const lowest = Math.min(offer?.minNice ?? 0, nice);
  const gets = lowest < 0 ? `only a niceness of ${lowest}` : "no higher priority";
  return warning(
    PRIORITY,
    `When other programs take the whole processor, sound may drop: it gets ${gets}.`,
    INSTALL_RTKIT,
  );
}

function beforeOthers(why: string): Finding {
  return ok(PRIORITY, `In a call, sound comes before other programs: ${why}.`);
}
