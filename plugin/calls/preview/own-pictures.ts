// The own picture of a call that rings at the other side. It is a preview with a camera alone, whose camera the accepted call
// takes over. It follows what the user wants while the call rings, and ends with the ringing.

import { type ActorRefFrom, createActor } from "xstate";
import type { DeviceState } from "../../../rpc-schema/index.ts";
import { type ManagedCall, type previewMachine, wantedMedia } from "../../../statecharts/index.ts";
import { previewDevice } from "./preview-info.ts";

type Preview = ActorRefFrom<typeof previewMachine>;

export interface OwnPicturesOptions {
  readonly machine: typeof previewMachine;
  /** Runs after each change of an own picture. */
  onChange(): void;
}

/** The tags of a call that the other user has not answered. */
const RINGING_TAGS = ["requesting", "ringing"] as const;

export class OwnPictures {
  readonly #options: OwnPicturesOptions;
  readonly #open = new Map<string, { readonly preview: Preview; choice: string | null }>();
  #isPlanned = false;
  #calls: () => readonly ManagedCall[] = () => [];

  constructor(options: OwnPicturesOptions) {
    this.#options = options;
  }

  /**
   * Follows the calls once the present step of the charts is over: by then an accepted call has taken its camera.
   * @param calls all calls of that moment
   */
  scheduleUpdate(calls: () => readonly ManagedCall[]): void {
    this.#calls = calls;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      for (const call of this.#calls()) this.#follow(call);
    });
  }

  /** The camera of the own picture; undefined without one. */
  cameraOf(callId: string): DeviceState | undefined {
    const preview = this.#open.get(callId)?.preview;
    return preview && previewDevice(preview.getSnapshot(), "camera");
  }

  /** Idempotent. */
  end(callId: string): void {
    const own = this.#open.get(callId);
    this.#open.delete(callId);
    own?.preview.stop();
  }

  #follow({ callId, direction, ref }: ManagedCall): void {
    const snapshot = ref.getSnapshot();
    const { media, preference } = snapshot.context;
    const isRinging = direction === "outgoing" && RINGING_TAGS.some((tag) => snapshot.hasTag(tag));
    const isWanted = isRinging && wantedMedia(media, preference).camera;
    if (!isWanted) {
      if (this.#open.has(callId)) this.end(callId);
      return;
    }
    const choice = preference?.devices?.camera ?? null;
    const own = this.#open.get(callId);
    if (!own) this.#begin(callId, choice);
    else if (choice !== null && choice !== own.choice) {
      own.choice = choice;
      own.preview.send({ type: "user.useCamera", deviceId: choice });
    }
  }

  #begin(callId: string, choice: string | null): void {
    const input = { callId, camera: true, microphone: false, cameraChoice: choice };
    const preview = createActor(this.#options.machine, { input });
    preview.subscribe(() => this.#options.onChange());
    this.#open.set(callId, { preview, choice });
    preview.start();
    this.#options.onChange();
  }
}
