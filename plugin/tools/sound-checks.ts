// Whether there is a sound server or a sound card, and the plugin by which ALSA reaches the server. Nothing is opened for
// sound.

import { type Finding, ok, warning } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

const PULSE_MODULE = "libasound_module_pcm_pulse.so";
const PIPEWIRE_MODULE = "libasound_module_pcm_pipewire.so";

interface Server {
  readonly name: string;
  readonly socket: string;
  readonly restart: string;
}

/** The first server that answers is the one that is used; a card alone will do where there is none. */
export async function checkSound(system: SystemView): Promise<Finding[]> {
  const servers = serversOf(system);
  const cards = soundCards(system);
  for (const { name, socket } of servers) {
    if (await system.connects(socket)) {
      return [ok("sound server", `${name} answers at ${socket}.`), checkAlsaPlugin(system)];
    }
  }
  const dead = servers.find(({ socket }) => isThere(system, socket));
  if (dead !== undefined) {
    const says = `${dead.name} does not answer at ${dead.socket}.`;
    return [warning("sound server", says, `Start it again: ${dead.restart}`)];
  }
  if (cards.length > 0) {
    return [ok("sound server", `There is none; ALSA uses the sound card itself: ${cards.join(", ")}.`)];
  }
  const says = "There is neither a sound server nor a sound card: nobody will hear you, nor you them.";
  const action =
    "Plug in a headset, or start the sound server: systemctl --user start pipewire-pulse (or pulseaudio --start)";
  return [warning("sound server", says, action)];
}

/** Where the servers listen: pulseaudio(1), PULSE_SERVER; pipewire(1), PIPEWIRE_REMOTE. */
function serversOf({ environment, user }: SystemView): Server[] {
  const runtime = environment.XDG_RUNTIME_DIR ?? `/run/user/${user.id}`;
  const pulse = {
    name: "The sound server (PulseAudio's protocol)",
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

/** A socket stays behind when its server crashes, which tells a dead server from none. */
function isThere(system: SystemView, path: string): boolean {
  const at = path.lastIndexOf("/");
  return system.list(path.slice(0, at)).includes(path.slice(at + 1));
}

/** The second of each card's two lines holds no more than its place. */
function soundCards(system: SystemView): string[] {
  const text = system.readText("/proc/asound/cards") ?? "";
  return [...text.matchAll(/^\s*\d+ \[[^\]]*\]: (.+)$/gm)].map(([, name = ""]) => name.trim());
}

/** PortAudio speaks ALSA only, and ALSA reaches a server by a plugin: asoundrc, `type pulse` and `type pipewire`. */
function checkAlsaPlugin(system: SystemView): Finding {
  const folders = ["/usr/lib64/alsa-lib", "/usr/lib/alsa-lib"].concat(
    system.list("/usr/lib").map((name) => `/usr/lib/${name}/alsa-lib`),
  );
  const found = folders.flatMap((folder) => system.list(folder));
  if (found.includes(PULSE_MODULE) || found.includes(PIPEWIRE_MODULE)) {
    return ok("sound plugin", "ALSA has its plugin for the sound server.");
  }
  const says =
    "ALSA lacks its plugin for the sound server, so the server's microphones and speakers are out of reach.";
  return warning("sound plugin", says, "sudo apt-get install -y libasound2-plugins");
}
