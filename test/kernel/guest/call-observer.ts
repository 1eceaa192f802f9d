// One side of a call as its host sees it: the call's notifications in order, and the remote frames, which it acknowledges
// like a page.

import type { CallInfo } from "../../../rpc-schema/index.ts";
import type { PluginProcess } from "../../support/plugin/plugin-process.ts";

/** A device may be silent for 5 s before it is lost. Emulation on a busy machine adds to that. */
const LIMIT_MS = 120_000;

/** A host's view of each sender. `deviceId` is known only for its own side's camera. */
export interface MediaState {
  readonly mediaLevel: string;
  readonly mediaLevelReason: string | null;
  readonly camera: string;
  readonly deviceId: string | null;
}

export class CallObserver {
  readonly plugin: PluginProcess;
  readonly #notified: CallInfo[] = [];
  readonly #frames: string[] = [];
  #cameras: string[] = [];
  /** Resolves waits that check again after each notification or frame. */
  #change = Promise.withResolvers<void>();

  /** Observes the call from now on, also before it is connected. */
  static async watch(plugin: PluginProcess, callId: string): Promise<CallObserver> {
    const side = new CallObserver(plugin);
    await plugin.host.request("frames.subscribe", { callId, source: "remote" }, { timeoutMs: LIMIT_MS });
    return side;
  }

  private constructor(plugin: PluginProcess) {
    this.plugin = plugin;
    const { host } = plugin;
    host.onNotification("call.changed", (info) => {
      this.#notified.push(info);
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
      this.#frames.push(params.dataUrl.slice(params.dataUrl.indexOf(",")));
      this.#wake();
    });
  }

  /** Clears the recorded notifications. */
  mark(): void {
    this.#notified.length = 0;
  }

  /** All phases since the mark. */
  phases(): string[] {
    return [...new Set(this.#notified.map(({ phase }) => phase))];
  }

  /** The distinct media levels since the mark: this side's own, or the other side's as it reports them. */
  steps(whose: "local" | "remote"): MediaState[] {
    const steps: MediaState[] = [];
    for (const info of this.#notified) {
      const step = whose === "local" ? localState(info) : remoteState(info);
      if (JSON.stringify(step) !== JSON.stringify(steps.at(-1))) steps.push(step);
    }
    return steps;
  }

  /** Waits for such a step since the mark, after `after` others. @returns the number of steps including it */
  async step(whose: "local" | "remote", fits: (step: MediaState) => boolean, after = 0): Promise<number> {
    let index = -1;
    await this.#until(`step of the ${whose} side`, () => {
      index = this.steps(whose).findIndex((step, at) => at >= after && fits(step));
      return index >= 0;
    });
    return index + 1;
  }

  /** Waits until the host was notified that this camera appeared or disappeared. */
  async listed(cameraId: string, isThere: boolean): Promise<void> {
    const expected = `list ${isThere ? "with" : "without"} ${cameraId}`;
    await this.#until(expected, () => this.#cameras.includes(cameraId) === isThere);
  }

  /** Receives `count` further remote frames. @returns how many of them differ */
  async frames(count: number): Promise<number> {
    this.#frames.length = 0;
    await this.#until(`${count} remote frames`, () => this.#frames.length >= count);
    return new Set(this.#frames).size;
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const notified = JSON.stringify({ own: this.steps("local"), other: this.steps("remote") });
      reject(
        new Error(`no ${what} within ${LIMIT_MS} ms; received: ${notified}; log:\n${this.plugin.log()}`),
      );
    }, LIMIT_MS);
    try {
      while (!isThere()) await Promise.race([this.#change.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function localState({ local }: CallInfo): MediaState {
  const { camera, mediaLevel, mediaLevelReason } = local;
  return {
    mediaLevel,
    mediaLevelReason: mediaLevelReason ?? null,
    camera: camera.state,
    deviceId: camera.deviceId ?? null,
  };
}

function remoteState({ remote }: CallInfo): MediaState {
  const { camera, mediaLevel, mediaLevelReason } = remote;
  return { mediaLevel: mediaLevel ?? "", mediaLevelReason: mediaLevelReason ?? null, camera, deviceId: null };
}
