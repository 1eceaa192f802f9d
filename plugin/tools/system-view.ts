// What the doctor can see of the machine. Its checks use nothing else, so tests can simulate any machine.

import type { PipeWireReport, UnreadableCamera } from "../camera/pipewire-cameras.ts";
import type { DaemonOffer } from "../priority/real-time-daemon.ts";
import type { ScreenOffer } from "../screen/screens.ts";
import type { SoundDevices } from "../sound/sound.ts";
import type { ServerResult, TestedServer } from "./ice-server-test.ts";

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
}

interface FileOwner {
  readonly group: number;
}

export interface SystemView {
  /** For example 24.21.0. */
  readonly nodeVersion: string;
  /** For example linux-x64. */
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly user: { readonly name: string; readonly id: number; readonly groups: readonly number[] };
  /** Null if the file is missing or not readable. */
  readText(path: string): string | null;
  /** Why `readText` gives null: the system's reason and what to do. */
  whyUnreadable(path: string): string;
  /** Names in a folder. Empty if it is missing or not readable. */
  list(path: string): readonly string[];
  /** readlink(2). Null if it fails. */
  linkTarget(path: string): string | null;
  owner(path: string): FileOwner | null;
  /** access(2) for reading and writing. */
  canOpen(path: string): boolean;
  /** The folder of the npm package with the manifest `<package>/package.json`. Null if it is not installed. */
  packageFolder(manifest: string): string | null;
  /** Null if the program is missing or did not end in time. */
  run(program: string, args: readonly string[]): Promise<RunResult | null>;
  /** Whether a server accepts connections at a Unix socket. */
  connects(socketPath: string): Promise<boolean>;
  /** Whether the program runs from the Debian package or the tarball, which bring Node and all engines compiled. */
  readonly isPackaged: boolean;
  /** Loads the sound engine in a process of its own. Why that fails; null if it does not. */
  soundEngineProblem(): Promise<string | null>;
  /** Asks a STUN or TURN server, by the WebRTC engine. */
  testIceServer(server: TestedServer): Promise<ServerResult>;
  /** Microphones and speakers as the plugin lists them. Null if they cannot be listed. */
  soundDevices(): Promise<SoundDevices | null>;
  /** What rtkit or its portal allows. Null where neither answers. */
  realTimeOffer(): Promise<DaemonOffer | null>;
  /** Nodes of V4L2 that offer nothing that can be shown. Listing them starts no capture. */
  unreadableNodes(): readonly (UnreadableCamera & { readonly path: string })[];
  /** The cameras that PipeWire offers, or why its library cannot be used. */
  pipeWireCameras(): Promise<PipeWireReport>;
  /** What can be shared of the screens, or what is missing for it. */
  screens(): Promise<ScreenOffer>;
}
