// The device check of the host's page: one preview at a time, which ends when it is stopped, when a call begins, and with the
// plugin. It tells the host of each change, and of the microphone's level.

import { type ActorOptions, type ActorRefFrom, createActor } from "xstate";
import type {
  PluginNotificationName,
  PluginNotificationParams,
  PreviewInfo,
} from "../../../rpc-schema/index.ts";
import type { previewMachine } from "../../../statecharts/index.ts";
import type { CallEnvironment } from "../environment.ts";
import { liveSettingsChange } from "../settings-change.ts";
import { describePreview } from "./preview-info.ts";

type EndReason = PluginNotificationParams<"preview.ended">["reason"];

export interface PreviewsOptions {
  readonly machine: typeof previewMachine;
  readonly environment: Pick<CallEnvironment, "settings" | "mediaOf" | "endCall">;
  notify<N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>): void;
  /** Drops what the preview has recorded. */
  forget(previewId: string): void;
  createId(): string;
  /** For the delays of the chart; the system's unless given. */
  readonly clock?: NonNullable<ActorOptions<typeof previewMachine>["clock"]>;
}

/** As in a call. */
const LEVELS_MS = 100;

interface Open {
  readonly id: string;
  readonly actor: ActorRefFrom<typeof previewMachine>;
  readonly levels: NodeJS.Timeout;
  unsubscribe(): void;
  /** JSON of the last info that was sent, for comparison. */
  lastSent: string;
}

export class Previews {
  readonly #options: PreviewsOptions;
  #open: Open | null = null;
  #isPlanned = false;

  constructor(options: PreviewsOptions) {
    this.#options = options;
  }

  get currentId(): string | null {
    return this.#open?.id ?? null;
  }

  /** Replaces the preview that is open. */
  start(wanted: { camera: boolean; microphone: boolean }): string {
    this.end("replaced");
    const { machine, createId, environment, notify, clock } = this.#options;
    const id = createId();
    const actor = createActor(machine, {
      input: { callId: id, ...wanted, cameraChoice: null },
      ...(clock ? { clock } : {}),
    });
    const unsubscribe = environment.settings.subscribe((now, last) => {
      actor.send({ type: "settings.changed", ...liveSettingsChange(last, now) });
    });
    const levels = setInterval(() => {
      notify("preview.levels", {
        previewId: id,
        microphone: environment.mediaOf(id).takeLevels().microphone,
      });
    }, LEVELS_MS);
    this.#open = { id, actor, unsubscribe, levels, lastSent: "" };
    actor.subscribe(() => this.scheduleUpdate());
    actor.start();
    this.scheduleUpdate();
    return id;
  }

  /** @returns false without a preview, or while another sound is recorded or played */
  play(what: "hearYourself" | "testSound"): boolean {
    const event = { type: `user.${what}` } as const;
    const actor = this.#open?.actor;
    if (!actor?.getSnapshot().can(event)) return false;
    actor.send(event);
    return true;
  }

  info(): PreviewInfo | null {
    if (!this.#open) return null;
    const { id, actor } = this.#open;
    return describePreview(actor.getSnapshot(), this.#options.environment.mediaOf(id).soundStatus);
  }

  /** Closes the devices and tells the host why. Idempotent. */
  end(reason: EndReason): void {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    open.unsubscribe();
    clearInterval(open.levels);
    open.actor.stop();
    this.#options.forget(open.id);
    this.#options.environment.endCall(open.id);
    this.#options.notify("preview.ended", { previewId: open.id, reason });
  }

  /** The chart changes in bursts, so the host is notified once a burst is over. */
  scheduleUpdate(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      const info = this.info();
      if (!info || !this.#open) return;
      const text = JSON.stringify(info);
      if (text === this.#open.lastSent) return;
      this.#open.lastSent = text;
      this.#options.notify("preview.changed", info);
    });
  }
}
