// Follows one of this program's streams in the sound server's reports: which device it is connected to, whether sound can
// pass, and whether the device is still the chosen one.

import type { ServerChange, ServerState } from "../../../native/sound-server.ts";
import type { Direction } from "../device-names.ts";
import type { DeviceStatus } from "../sound.ts";
import { devicesOf, noMicrophone, type ServerTarget } from "./router.ts";
import { choicesOf, isOrdinary, noticeOf, type ServerChoice } from "./server-devices.ts";
import type { SoundServer } from "./sound-server.ts";
import { StreamGate } from "./stream-gate.ts";

export interface FollowerCallbacks {
  onBlock(block: Int16Array): void;
  /** The device's name, or what keeps sound from passing, has changed. */
  onStatus(status: DeviceStatus): void;
  /** The server has suspended the device, so that no sound comes; null when it goes on. */
  onSuspended(reason: string | null): void;
  /** The chosen device has gone, and the server's replacement is not acceptable. Nothing follows. */
  onGone(reason: string): void;
  /** For the log. */
  onUnverified(): void;
}

/** A server reports a stream a few milliseconds after its start. One that does not know our property never does. */
const REPORT_MS = 3_000;
/** A device starts while its first stream is connected. */
const SUSPENDED_MS = 500;

export class StreamFollower {
  readonly #direction: Direction;
  readonly #target: ServerTarget;
  readonly #callbacks: FollowerCallbacks;
  readonly #gate: StreamGate;
  readonly #stopFollowing: () => void;
  readonly #reportTimer: NodeJS.Timeout;
  #suspendedTimer: NodeJS.Timeout | undefined;
  #isSuspended = false;
  #isUnverifiable = false;
  #isStopped = false;
  #lastStatus = "";

  constructor(server: SoundServer, direction: Direction, target: ServerTarget, callbacks: FollowerCallbacks) {
    this.#direction = direction;
    this.#target = target;
    this.#callbacks = callbacks;
    this.#gate = new StreamGate(target.token, (index, state) => {
      const device = this.#deviceAt(index, state);
      return device !== undefined && this.#isAccepted(device);
    });
    this.#reportTimer = setTimeout(() => this.#onUnreported(), REPORT_MS);
    this.#stopFollowing = server.follow({
      onChange: (change: ServerChange) => this.#gate.onChange(change),
      onState: (state) => this.#onState(state),
    });
  }

  /** Passes a captured block on when its source is verified. */
  pass(block: Int16Array): void {
    if (this.#isStopped) return;
    const passed = this.#isUnverifiable ? [block] : this.#gate.pass(block);
    for (const one of passed) this.#callbacks.onBlock(one);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#reportTimer);
    clearTimeout(this.#suspendedTimer);
    this.#stopFollowing();
  }

  #onState(state: ServerState | null): void {
    if (this.#isStopped) return;
    const passed = this.#gate.onState(state);
    const stream = this.#streamIn(state);
    if (state === null || stream === undefined) {
      this.#checkPresence(state);
      return;
    }
    clearTimeout(this.#reportTimer);
    this.#isUnverifiable = false;
    const device = this.#deviceAt(stream.device, state);
    if (device === undefined || !this.#isAccepted(device)) {
      // Without a device the state was read while the stream was moved, and another state follows.
      if (device !== undefined) this.#gone(state, device);
      return;
    }
    if (!this.#target.isAutomatic && !this.#hasTarget(state)) {
      this.#gone(state, device);
      return;
    }
    for (const block of passed) this.#callbacks.onBlock(block);
    this.#reportStatus(device, stream);
    this.#followSuspension(device);
  }

  #streamIn(state: ServerState | null) {
    const isPlayback = this.#direction === "speaker";
    return state?.streams.find((one) => one.isPlayback === isPlayback && one.token === this.#target.token);
  }

  /** The stream may have gone with its device. */
  #checkPresence(state: ServerState | null): void {
    if (state !== null && !this.#target.isAutomatic && !this.#hasTarget(state)) this.#gone(state);
  }

  #hasTarget(state: ServerState): boolean {
    return this.#devices(state).some(({ id }) => id === this.#target.device.id);
  }

  #devices(state: ServerState): readonly ServerChoice[] {
    return devicesOf(choicesOf(state), this.#direction);
  }

  #deviceAt(index: number, state: ServerState): ServerChoice | undefined {
    return this.#devices(state).find((device) => device.index === index);
  }

  /** A monitor must have been chosen by name. A speaker hears nothing, so every one is acceptable. */
  #isAccepted({ id, kind }: ServerChoice): boolean {
    if (this.#direction === "speaker" || isOrdinary(kind)) return true;
    return !this.#target.isAutomatic && id === this.#target.device.id;
  }

  #gone(state: ServerState, now?: ServerChoice): void {
    const { device, isAutomatic } = this.#target;
    this.stop();
    if (!this.#hasTarget(state) && !isAutomatic) this.#callbacks.onGone(`${device.name} was unplugged`);
    else if (now !== undefined && !isAutomatic)
      this.#callbacks.onGone(`the sound server replaced ${device.name} by ${now.name}`);
    else this.#callbacks.onGone(noMicrophone(this.#devices(state), state.defaultSource));
  }

  #reportStatus(device: ServerChoice, stream: { isMuted: boolean; volume: number }): void {
    const chosen = this.#target.device;
    const moved = device.id === chosen.id ? null : `the system's sound settings chose ${device.name}`;
    const status = {
      deviceId: device.id,
      deviceName: device.name,
      notice: noticeOf(device, stream) ?? moved,
    };
    const text = JSON.stringify(status);
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#callbacks.onStatus(status);
  }

  #followSuspension({ name, isSuspended }: ServerChoice): void {
    if (isSuspended === this.#isSuspended) return;
    this.#isSuspended = isSuspended;
    clearTimeout(this.#suspendedTimer);
    if (!isSuspended) this.#callbacks.onSuspended(null);
    else {
      const reason = `the sound server has suspended ${name}`;
      this.#suspendedTimer = setTimeout(() => this.#callbacks.onSuspended(reason), SUSPENDED_MS);
    }
  }

  #onUnreported(): void {
    this.#isUnverifiable = isOrdinary(this.#target.device.kind);
    this.#callbacks.onUnverified();
  }
}
