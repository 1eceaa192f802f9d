// The user's actions as requests to the plugin. A failed request reports one sentence for the user.

import type {
  CallInfo,
  DeviceKind,
  FrameSource,
  MediaKind,
  ParamsInput,
  Result,
} from "../../rpc-schema/index.ts";
import { errorSentence } from "./error-sentences.ts";
import type { Link } from "./link/page-link.ts";

/** The settings of voice processing. */
export type VoiceSetting = "echoCancellation" | "noiseSuppression" | "automaticGain";

/** Only `addContact` and `screenSources` reject. Every other method passes a sentence for the user to `onFailure` instead. */
export class Actions {
  readonly #link: Pick<Link, "request" | "restartPlugin">;
  readonly #onFailure: (message: string) => void;

  constructor(link: Pick<Link, "request" | "restartPlugin">, onFailure: (message: string) => void) {
    this.#link = link;
    this.#onFailure = onFailure;
  }

  start(peerId: string, media: MediaKind): void {
    void this.#report(this.#link.request("call.start", { peerId, media }));
  }

  /** Without `media` the caller's choice and what the user set before decide. */
  accept(callId: string, media?: MediaKind): void {
    void this.#report(this.#link.request("call.accept", { callId, ...(media ? { media } : {}) }));
  }

  decline(callId: string): void {
    void this.#report(this.#link.request("call.reject", { callId }));
  }

  hangUp(callId: string): void {
    void this.#report(this.#link.request("call.hangup", { callId }));
  }

  setMicrophone(callId: string, on: boolean): void {
    void this.#report(this.#link.request("call.setMicrophone", { callId, on }));
  }

  setCamera(callId: string, on: boolean): void {
    void this.#report(this.#link.request("call.setCamera", { callId, on }));
  }

  /** @throws LinkError, which the chooser shows */
  screenSources(): Promise<Result<"screen.sources">> {
    return this.#link.request("screen.sources", {});
  }

  /** @param source undefined: the desktop asks the user. @returns false when refused */
  shareScreen(callId: string, source: string | undefined): Promise<boolean> {
    const chosen = source === undefined ? {} : { source };
    return this.#report(this.#link.request("call.shareScreen", { callId, on: true, ...chosen }));
  }

  /** Also withdraws a request that the desktop still shows. */
  stopScreen(callId: string): void {
    void this.#report(this.#link.request("call.shareScreen", { callId, on: false }));
  }

  /** Switches the device of a running call at once. Without a call, the device is set for the next one. @returns false when refused */
  useDevice(call: CallInfo | undefined, kind: DeviceKind, deviceId: string): Promise<boolean> {
    const settings: ParamsInput<"settings.update">["settings"] = { [kind]: deviceId };
    return this.#report(
      call
        ? this.#link.request("call.useDevice", { callId: call.callId, kind, deviceId })
        : this.#link.request("settings.update", { settings }),
    );
  }

  /** Running calls apply the setting by themselves, on the microphone that is open. @returns false when refused */
  setVoiceSetting(setting: VoiceSetting, on: boolean): Promise<boolean> {
    return this.#report(this.#link.request("settings.update", { settings: { [setting]: on } }));
  }

  /** Dials a peer by its multiaddr. @throws LinkError, which the dialog shows beside the field */
  async addContact(address: string): Promise<void> {
    await this.#link.request("contacts.add", { address });
  }

  /** Downloads a lossless PNG. @param name the peer's name; unsafe characters become dashes in the file name */
  snapshot(callId: string, source: FrameSource, name: string): void {
    const saved = this.#link.request("call.snapshot", { callId, source }).then(({ dataUrl }) => {
      download(dataUrl, `${name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-${timestamp(new Date())}.png`);
    });
    void this.#report(saved);
  }

  /** Does nothing while the plugin runs. */
  restartPlugin(): void {
    void this.#report(this.#link.restartPlugin());
  }

  /** Never rejects. @returns false after a failure, which has been reported then */
  async #report(request: Promise<unknown>): Promise<boolean> {
    try {
      await request;
      return true;
    } catch (error) {
      this.#onFailure(errorSentence(error));
      return false;
    }
  }
}

/** Goes through a Blob, because browsers refuse to download long data URLs. */
function download(dataUrl: string, fileName: string): void {
  const bytes = Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // By the next turn the download holds its own reference to the data.
  setTimeout(() => URL.revokeObjectURL(url));
}

/** @returns local time as 20261123-094501, which sorts and is safe in file names */
function timestamp(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
