// One kind of device held for a call, and changed for another while the call goes on: cameras overlap, so that no
// picture is missed; sound devices follow one another, since only one may be open. Does not decide which.

interface Closable {
  readonly deviceId: string;
  readonly deviceName: string;
  close(): Promise<void>;
}

export interface DeviceCallbacks {
  onLost(error: unknown): void;
  /** Whether what the device gives is used: false before it took over, and after it was let go. */
  isCurrent(): boolean;
  /** It has given something. */
  onAlive(): void;
}

export interface DeviceHolderOptions<D extends Closable> {
  open(choice: string, callbacks: DeviceCallbacks): Promise<D>;
  /** Whether the choice means the device that is open; nothing is done then. */
  isSame(device: D, choice: string): boolean;
  /** The new one is opened, and has given something, before the old one is closed. */
  readonly overlaps: boolean;
  /** Connects the device with its call, and null when it goes. */
  attach(device: D | null): void;
  onOpened(device: D): void;
  /** The device in use ended by itself; or it was closed, and this choice did not open in its place. */
  onLost(error: unknown, choice?: string): void;
  /** The one asked for did not open, and the old one stays. */
  onRefused(choice: string, error: unknown): void;
  onCloseFailed(error: unknown): void;
}

interface Wish {
  readonly choice: string;
  /** The device that is open shall be opened again, which no device allows while it is. */
  readonly isRenewal: boolean;
}

interface Slot<D> {
  device: D | null;
  readonly alive: PromiseWithResolvers<void>;
}

/** A camera that gives no picture for so long after it was opened does not work; the slowest take a second. */
const ALIVE_MS = 3_000;
/** Two cameras on one USB bus: the second gets none of its bandwidth until the first is closed. */
const NO_ROOM = "ENOSPC";

export class DeviceHolder<D extends Closable> {
  readonly #options: DeviceHolderOptions<D>;
  readonly #closing = Promise.withResolvers<void>();
  #isClosed = false;
  #current: Slot<D> | null = null;
  #wanted: Wish | null = null;
  #switching: Promise<void> | null = null;

  constructor(options: DeviceHolderOptions<D>) {
    this.#options = options;
  }

  /** Opens the first device. @throws what opening throws */
  async openFirst(choice: string): Promise<this> {
    const slot = this.#createSlot();
    this.#current = slot;
    slot.device = await this.#options.open(choice, this.#callbacksOf(slot));
    return this;
  }

  /** Connects what `begin` opened. */
  attachFirst(): void {
    if (this.#current?.device) this.#takeOver(this.#current, this.#current.device);
  }

  /** Another device; of several wishes at once the last one counts. */
  switchTo(choice: string): void {
    this.#wanted = { choice, isRenewal: false };
    this.#proceed();
  }

  /** Opens the device in use once more, for what `open` asks of it has changed. */
  reopen(): void {
    const choice = this.#current?.device?.deviceId;
    if (choice === undefined) return;
    // One that is about to be opened is asked for what is wanted now.
    this.#wanted ??= { choice, isRenewal: true };
    this.#proceed();
  }

  #proceed(): void {
    this.#switching ??= this.#switchAll().finally(() => {
      this.#switching = null;
    });
  }

  /** What is given from now on is not used. */
  release(): void {
    this.#isClosed = true;
    this.#closing.resolve();
    this.#options.attach(null);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.resolve();
    await this.#switching;
    const slot = this.#current;
    this.#current = null;
    await slot?.device?.close();
  }

  async #switchAll(): Promise<void> {
    while (this.#wanted !== null && !this.#isClosed) {
      const { choice, isRenewal } = this.#wanted;
      this.#wanted = null;
      const device = this.#current?.device;
      if (isRenewal) await this.#breakThenMake(choice);
      else if (device && this.#options.isSame(device, choice)) this.#options.onOpened(device);
      else if (this.#options.overlaps) await this.#makeThenBreak(choice);
      else await this.#breakThenMake(choice);
    }
  }

  async #makeThenBreak(choice: string): Promise<void> {
    const slot = this.#createSlot();
    // Both cameras are open from here on; only the old one's pictures are used.
    try {
      slot.device = await this.#options.open(choice, this.#callbacksOf(slot));
      await this.#untilAlive(slot, choice);
    } catch (error) {
      await this.#closeQuietly(slot);
      if (this.#isClosed) return;
      if (hasNoRoom(error)) await this.#breakThenMake(choice);
      else this.#options.onRefused(choice, error);
      return;
    }
    if (this.#isClosed || !slot.device) {
      await this.#closeQuietly(slot);
      return;
    }
    // In this order no picture is missing: the next one comes from the new camera.
    const old = this.#current;
    this.#takeOver(slot, slot.device);
    if (old) await this.#closeQuietly(old);
  }

  async #breakThenMake(choice: string): Promise<void> {
    const old = this.#current;
    this.#current = null;
    this.#options.attach(null);
    if (old) await this.#closeQuietly(old);
    if (this.#isClosed) return;
    const slot = this.#createSlot();
    try {
      slot.device = await this.#options.open(choice, this.#callbacksOf(slot));
    } catch (error) {
      if (!this.#isClosed) this.#options.onLost(error, choice);
      return;
    }
    if (this.#isClosed) await this.#closeQuietly(slot);
    else this.#takeOver(slot, slot.device);
  }

  #takeOver(slot: Slot<D>, device: D): void {
    this.#current = slot;
    this.#options.attach(device);
    this.#options.onOpened(device);
  }

  async #untilAlive({ alive }: Slot<D>, choice: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${choice} opened and gave nothing for ${ALIVE_MS} ms`)),
        ALIVE_MS,
      );
    });
    try {
      await Promise.race([alive.promise, this.#closing.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #createSlot(): Slot<D> {
    const alive = Promise.withResolvers<void>();
    // Nobody waits for the first device to come alive.
    alive.promise.catch(() => undefined);
    return { device: null, alive };
  }

  #callbacksOf(slot: Slot<D>): DeviceCallbacks {
    return {
      onLost: (error) => {
        slot.alive.reject(error);
        if (this.#current === slot && !this.#isClosed) this.#options.onLost(error);
      },
      isCurrent: () => this.#current === slot && !this.#isClosed,
      onAlive: () => slot.alive.resolve(),
    };
  }

  async #closeQuietly({ device }: Slot<D>): Promise<void> {
    await device?.close().catch(this.#options.onCloseFailed);
  }
}

function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && "errno" in error && error.errno === NO_ROOM;
}
