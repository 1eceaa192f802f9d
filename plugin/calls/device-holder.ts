// Holds one kind of device for a call, and switches it while the call goes on. A new camera opens before the old one closes,
// so that no frame is missing. Sound devices follow one another, since only one of a kind may be open.

interface Closable {
  readonly deviceId: string;
  readonly deviceName: string;
  close(): Promise<void>;
}

export interface DeviceCallbacks {
  onLost(error: unknown): void;
  /** Whether the device's output is used: false before it took over, and after its release. */
  isCurrent(): boolean;
  /** The device has given its first output. */
  onAlive(): void;
  /** Why the device gives nothing so far. */
  onStalled(reason: string): void;
  /** Aborted when the device is not wanted any more, also while it is being opened. */
  readonly signal: AbortSignal;
}

export interface DeviceHolderOptions<D extends Closable> {
  open(choice: string, callbacks: DeviceCallbacks): Promise<D>;
  /** Whether the choice means the open device, which then stays. */
  isSame(device: D, choice: string): boolean;
  /** Whether the options have changed since the device was opened, so that it must be opened again. Absent: they never do. */
  isOutdated?(device: D): boolean;
  /** Whether the new device must give output before the old one is closed. */
  readonly overlaps: boolean;
  /** Connects the device with its call; null disconnects it. */
  attach(device: D | null): void;
  onOpened(device: D): void;
  /** The device ended by itself. With a choice: the old device is closed and this one did not open. */
  onLost(error: unknown, choice?: string): void;
  /** The chosen device did not open, and the old one stays. */
  onRefused(choice: string, error: unknown): void;
  onCloseFailed(error: unknown): void;
}

interface Slot<D> {
  device: D | null;
  readonly alive: PromiseWithResolvers<void>;
  /** Why it gives nothing; null when that is unknown. */
  stallReason: string | null;
  readonly withdrawal: AbortController;
}

/** A camera without a frame for this long after it was opened does not work. The slowest cameras take a second. */
const ALIVE_MS = 3_000;
/** Two cameras on one USB bus: the second gets no bandwidth until the first is closed. */
const NO_BANDWIDTH = "ENOSPC";

export class DeviceHolder<D extends Closable> {
  readonly #options: DeviceHolderOptions<D>;
  readonly #closing = Promise.withResolvers<void>();
  #isClosed = false;
  #current: Slot<D> | null = null;
  /** The call uses the first device. Before, nothing can be switched. */
  #isAttached = false;
  #pendingChoice: string | null = null;
  #isSwitching = false;
  #switching: Promise<void> | null = null;
  /** The device that is being opened. */
  #opening: Slot<D> | null = null;

  constructor(options: DeviceHolderOptions<D>) {
    this.#options = options;
  }

  /** Opens the first device, without connecting it. @throws the error of `open` */
  async openFirst(choice: string): Promise<this> {
    const slot = this.#createSlot();
    this.#current = slot;
    await this.#open(slot, choice);
    return this;
  }

  /** Connects the device that `openFirst` opened. What was asked for in the meantime follows. */
  attachFirst(): void {
    if (this.#current?.device) this.#takeOver(this.#current, this.#current.device);
    this.#isAttached = true;
    this.#proceed();
  }

  /** Switches to another device. The last of several requests wins. */
  switchTo(choice: string): void {
    this.#pendingChoice = choice;
    if (this.#opening !== this.#current) this.#opening?.withdrawal.abort();
    this.#proceed();
  }

  /** The options of `isOutdated` have changed. A device that is being opened with the old ones is opened again after it. */
  optionsChanged(): void {
    this.#proceed();
  }

  #proceed(): void {
    if (!this.#isAttached || this.#isSwitching) return;
    this.#isSwitching = true;
    this.#switching = this.#switchAll();
  }

  /** Disconnects the device at once; `close` closes it. */
  release(): void {
    this.#withdraw();
    this.#options.attach(null);
  }

  async close(): Promise<void> {
    this.#withdraw();
    await this.#switching;
    const slot = this.#current;
    this.#current = null;
    await slot?.device?.close();
  }

  #withdraw(): void {
    this.#isClosed = true;
    this.#closing.resolve();
    this.#opening?.withdrawal.abort();
  }

  /** @throws the error of `open` */
  async #open(slot: Slot<D>, choice: string): Promise<D> {
    this.#opening = slot;
    try {
      if (this.#isClosed) slot.withdrawal.abort();
      const device = await this.#options.open(choice, this.#callbacksOf(slot));
      slot.device = device;
      return device;
    } finally {
      if (this.#opening === slot) this.#opening = null;
    }
  }

  async #switchAll(): Promise<void> {
    try {
      for (let next = this.#nextSwitch(); next !== null; next = this.#nextSwitch()) await next();
    } finally {
      this.#isSwitching = false;
    }
  }

  /** Null when the call has what it wants. */
  #nextSwitch(): (() => Promise<void>) | null {
    if (this.#isClosed) return null;
    const { isSame, isOutdated, onOpened, overlaps } = this.#options;
    const choice = this.#pendingChoice;
    this.#pendingChoice = null;
    const device = this.#current?.device;
    if (choice === null || (device && isSame(device, choice))) {
      // Closed before it is opened again, because no device can be opened twice.
      if (device && isOutdated?.(device)) return () => this.#breakThenMake(device.deviceId);
      if (device && choice !== null) onOpened(device);
      return null;
    }
    return () => (overlaps ? this.#makeThenBreak(choice) : this.#breakThenMake(choice));
  }

  async #makeThenBreak(choice: string): Promise<void> {
    const slot = this.#createSlot();
    // From here on both cameras are open, and only the old one's frames are used.
    try {
      await this.#open(slot, choice);
      await this.#untilAlive(slot, choice);
    } catch (error) {
      await this.#closeQuietly(slot);
      // For a device that was withdrawn, another one was chosen.
      if (this.#isClosed || slot.withdrawal.signal.aborted) return;
      if (lacksBandwidth(error)) await this.#breakThenMake(choice);
      else this.#options.onRefused(choice, error);
      return;
    }
    if (this.#isClosed || !slot.device) {
      await this.#closeQuietly(slot);
      return;
    }
    // In this order no frame is missing: the next one comes from the new camera.
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
    let device: D;
    try {
      device = await this.#open(slot, choice);
    } catch (error) {
      const isWithdrawn = slot.withdrawal.signal.aborted && this.#pendingChoice !== null;
      if (!this.#isClosed && !isWithdrawn) this.#options.onLost(error, choice);
      return;
    }
    if (this.#isClosed) await this.#closeQuietly(slot);
    else this.#takeOver(slot, device);
  }

  #takeOver(slot: Slot<D>, device: D): void {
    this.#current = slot;
    this.#options.attach(device);
    this.#options.onOpened(device);
  }

  async #untilAlive(slot: Slot<D>, choice: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(slot.stallReason ?? `${choice} opened and gave nothing for ${ALIVE_MS} ms`)),
        ALIVE_MS,
      );
    });
    try {
      await Promise.race([slot.alive.promise, this.#closing.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #createSlot(): Slot<D> {
    const alive = Promise.withResolvers<void>();
    // Nothing awaits this promise for the first device.
    alive.promise.catch(() => undefined);
    return { device: null, alive, stallReason: null, withdrawal: new AbortController() };
  }

  #callbacksOf(slot: Slot<D>): DeviceCallbacks {
    return {
      onLost: (error) => {
        slot.alive.reject(error);
        if (this.#current === slot && !this.#isClosed) this.#options.onLost(error);
      },
      isCurrent: () => this.#current === slot && !this.#isClosed,
      onAlive: () => slot.alive.resolve(),
      onStalled: (reason) => {
        slot.stallReason = reason;
      },
      signal: slot.withdrawal.signal,
    };
  }

  async #closeQuietly({ device }: Slot<D>): Promise<void> {
    await device?.close().catch(this.#options.onCloseFailed);
  }
}

function lacksBandwidth(error: unknown): boolean {
  return error instanceof Error && "errno" in error && error.errno === NO_BANDWIDTH;
}
