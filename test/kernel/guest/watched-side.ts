// One side of a call as its host sees it: what it is told of the call, in order, and the remote pictures, which it
// acknowledges as a page would. What is right is not known here.

import type { CallInfo } from "../../../rpc-schema/index.ts";
import type { PluginProcess } from "../../support/plugin/plugin-process.ts";

/** A device may be silent for 5 s before it is given up; emulation, and a busy machine around it, do the rest. */
const LIMIT_MS = 120_000;

/** What a host knows of who sends what; `deviceId` only of its own side's camera. */
export interface Standing {
  readonly mediaLevel: string;
  readonly mediaLevelReason: string | null;
  readonly camera: string;
  readonly deviceId: string | null;
}

export class WatchedSide {
  readonly plugin: PluginProcess;
  readonly #told: CallInfo[] = [];
  readonly #pictures: string[] = [];
  #cameras: string[] = [];
  /** Told or shown something: whoever waits looks again. */
  #news = Promise.withResolvers<void>();

  /** Watches the call from now on; before it is connected, too. */
  static async watch(plugin: PluginProcess, callId: string): Promise<WatchedSide> {
    const side = new WatchedSide(plugin);
    await plugin.host.request("frames.subscribe", { callId, source: "remote" }, { timeoutMs: LIMIT_MS });
    return side;
  }

  private constructor(plugin: PluginProcess) {
    this.plugin = plugin;
    const { host } = plugin;
    host.onNotification("call.changed", (info) => {
      this.#told.push(info);
      this.#wake();
    });
    host.onNotification("devices.changed", ({ cameras }) => {
      this.#cameras = cameras.map(({ id }) => id);
      this.#wake();
    });
    host.onFrameLine((line) => {
      const { params } = JSON.parse(line.toString("latin1")) as {
        params: { stream: string; seq: number; dataUrl: string };
      };
      host.notify("frames.ack", { stream: params.stream, seq: params.seq });
      this.#pictures.push(params.dataUrl.slice(params.dataUrl.indexOf(",")));
      this.#wake();
    });
  }

  /** Forgets what it was told. */
  mark(): void {
    this.#told.length = 0;
  }

  /** Every phase since the mark. */
  phases(): string[] {
    return [...new Set(this.#told.map(({ phase }) => phase))];
  }

  /** The steps since the mark, each once: of this side's own ladder, or of the other's as it tells it. */
  steps(whose: "local" | "remote"): Standing[] {
    const steps: Standing[] = [];
    for (const info of this.#told) {
      const step = whose === "local" ? ownStanding(info) : remoteStanding(info);
      if (JSON.stringify(step) !== JSON.stringify(steps.at(-1))) steps.push(step);
    }
    return steps;
  }

  /** Waits for such a step since the mark, after so many others. @returns how many steps there were with it */
  async step(whose: "local" | "remote", fits: (step: Standing) => boolean, after = 0): Promise<number> {
    let index = -1;
    await this.#until(`step of the ${whose} side`, () => {
      index = this.steps(whose).findIndex((step, at) => at >= after && fits(step));
      return index >= 0;
    });
    return index + 1;
  }

  /** Waits until the host was told, after a change, that this camera is there, or that it is not. */
  async listed(cameraId: string, isThere: boolean): Promise<void> {
    const words = `list ${isThere ? "with" : "without"} ${cameraId}`;
    await this.#until(words, () => this.#cameras.includes(cameraId) === isThere);
  }

  /** So many remote pictures from now on. @returns how many of them differ */
  async pictures(count: number): Promise<number> {
    this.#pictures.length = 0;
    await this.#until(`${count} remote pictures`, () => this.#pictures.length >= count);
    return new Set(this.#pictures).size;
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const told = JSON.stringify({ own: this.steps("local"), other: this.steps("remote") });
      reject(new Error(`no ${what} within ${LIMIT_MS} ms; told: ${told}; log:\n${this.plugin.log()}`));
    }, LIMIT_MS);
    try {
      while (!isThere()) await Promise.race([this.#news.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function ownStanding({ local }: CallInfo): Standing {
  const { camera, mediaLevel, mediaLevelReason } = local;
  return {
    mediaLevel,
    mediaLevelReason: mediaLevelReason ?? null,
    camera: camera.state,
    deviceId: camera.deviceId ?? null,
  };
}

function remoteStanding({ remote }: CallInfo): Standing {
  const { camera, mediaLevel, mediaLevelReason } = remote;
  return { mediaLevel: mediaLevel ?? "", mediaLevelReason: mediaLevelReason ?? null, camera, deviceId: null };
}
