// A plugin process in the kernel machine: which program, which camera, and the patience that emulation needs.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PluginProcess, PluginProcessOptions } from "../../support/plugin-process.ts";
import type { Holdings } from "./capture-run.ts";

export const VIVID_ID = "platform:vivid-000 vivid";
export const LOOPBACK_ID = "platform:v4l2loopback-000 loopback";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const MAIN = fileURLToPath(new URL("../../../dist/plugin/main.js", import.meta.url));
/** Emulation makes every step slow; these are not what is tested here. */
const PATIENT = {
  requestMs: 60_000,
  negotiationMs: 120_000,
  connectMs: 120_000,
  lostMs: 60_000,
  restartMs: 120_000,
};
export const WAIT_MS = 120_000;

/** With this camera and without sound. */
export function emulated(camera: string): PluginProcessOptions {
  return {
    main: MAIN,
    waitMs: WAIT_MS,
    settings: {
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      iceServers: [],
      timeouts: PATIENT,
      camera,
      microphone: "none",
      speaker: "none",
      // An emulated processor never keeps up; what is done about that is not what is tested here.
      adaptation: false,
      picture: { width: 320, height: 180, fps: 2 },
    },
  };
}

/** Device nodes of cameras that the process holds open. */
export function openCameras({ pid }: PluginProcess): string[] {
  return openFiles(pid).filter((target) => target.startsWith("/dev/video"));
}

/** What the process holds open and mapped. */
export function holdingsOf({ pid }: PluginProcess): Holdings {
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  return {
    fds: openFiles(pid).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    deviceMaps: maps.filter((line) => line.includes("/dev/video")).length,
  };
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}
