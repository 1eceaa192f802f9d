// What the user can do, as requests to the plugin. Failures go to one place, which tells the user.

import type { CallInfo, DeviceKind, FrameSource, MediaKind, ParamsInput } from "../../rpc-schema/index.ts";
import type { Link } from "./link/page-link.ts";
import { errorSentence } from "./messages.ts";

/** Settings that say what is done to the voice. */
export type VoiceSetting = "echoCancellation" | "noiseSuppression" | "automaticGain";

/**
 * Methods that return nothing never fail for their caller: `onFailure` gets a sentence for the user instead.
 */
export class Actions {
  readonly #link: Link;
  readonly #onFailure: (message: string) => void;

  constructor(link: Link, onFailure: (message: string) => void) {
    this.#link = link;
    this.#onFailure = onFailure;
  }

  start(peerId: string, media: MediaKind): void {
    void this.#try(this.#link.request("call.start", { peerId, media }));
  }

  accept(callId: string, media: MediaKind): void {
    void this.#try(this.#link.request("call.accept", { callId, media }));
  }

  decline(callId: string): void {
    void this.#try(this.#link.request("call.reject", { callId }));
  }

  hangUp(callId: string): void {
    void this.#try(this.#link.request("call.hangup", { callId }));
  }

  setMicrophone(callId: string, on: boolean): void {
    void this.#try(this.#link.request("call.setMicrophone", { callId, on }));
  }

  setCamera(callId: string, on: boolean): void {
    void this.#try(this.#link.request("call.setCamera", { callId, on }));
  }

  /** In a call the device changes at once; otherwise it is the one for the next call. @returns false when refused */
  useDevice(call: CallInfo | undefined, kind: DeviceKind, deviceId: string): Promise<boolean> {
    const settings: ParamsInput<"settings.update">["settings"] = { [kind]: deviceId };
    return this.#try(
      call
        ? this.#link.request("call.useDevice", { callId: call.callId, kind, deviceId })
        : this.#link.request("settings.update", { settings }),
    );
  }

  /** Holds for the next microphone that opens, so in a call the present one is opened again. @returns false when refused */
  async setVoiceSetting(call: CallInfo | undefined, processing: VoiceSetting, on: boolean): Promise<boolean> {
    const isSet = await this.#try(this.#link.request("settings.update", { settings: { [processing]: on } }));
    const deviceId = call?.local.microphone.deviceId;
    return isSet && deviceId !== undefined ? this.useDevice(call, "microphone", deviceId) : isSet;
  }

  /** Dials a peer by its multiaddr. @throws LinkError, since the dialog shows it beside the field */
  async addContact(address: string): Promise<void> {
    await this.#link.request("contacts.add", { address });
  }

  /** Downloads a lossless PNG. @param name how the user knows the peer; unsafe characters become dashes */
  snapshot(callId: string, source: FrameSource, name: string): void {
    const saved = this.#link.request("call.snapshot", { callId, source }).then(({ dataUrl }) => {
      download(dataUrl, `${name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-${stamp(new Date())}.png`);
    });
    void this.#try(saved);
  }

  /** Does nothing while the plugin runs. */
  restartPlugin(): void {
    void this.#try(this.#link.restartPlugin());
  }

  /** Never rejects. @returns false when it failed, which the user has been told then */
  async #try(request: Promise<unknown>): Promise<boolean> {
    try {
      await request;
      return true;
    } catch (error) {
      this.#onFailure(errorSentence(error));
      return false;
    }
  }
}

/** By a Blob, since browsers refuse to download long data URLs. */
function download(dataUrl: string, fileName: string): void {
  const bytes = Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has its own hold on the data by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
}

/** Local time as 20261123-094501, sortable and safe in file names. */
function stamp(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
