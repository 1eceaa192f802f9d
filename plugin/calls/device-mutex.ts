// Exclusive use of a device: the next holder opens it only after the last one has closed it. Closing takes time, and a
// camera that is still open answers EBUSY.

interface Closable {
  close(): Promise<void>;
}

/**
 * One mutex serves one kind of device, not one device. A second camera waits too, which keeps the order of changes.
 */
export interface DeviceMutex<T extends Closable> {
  /**
   * Waits for the last holder, opens the device and holds it until the returned function is called, which closes it.
   */
  hold(open: () => Promise<T>, onOpened: (device: T) => void, onFailed: (error: unknown) => void): () => void;
  /** Resolves when every released device is closed. */
  idle(): Promise<void>;
}

/** @param onCloseFailed a close rejected; the next holder proceeds all the same */
export function createDeviceMutex<T extends Closable>(
  onCloseFailed: (error: unknown) => void,
): DeviceMutex<T> {
  let lastClosed: Promise<void> = Promise.resolve();

  return {
    hold(open, onOpened, onFailed) {
      let isReleased = false;
      const { promise: released, resolve } = Promise.withResolvers<void>();
      const opened = lastClosed.then(async () => {
        if (isReleased) return null;
        return open();
      });
      const held = opened.catch((error: unknown) => {
        if (!isReleased) onFailed(error);
        return null;
      });
      // A chain of its own, so that an exception in `onOpened` does not prevent closing the device.
      held
        .then((device) => {
          if (device && !isReleased) onOpened(device);
        })
        .catch(onFailed);
      lastClosed = Promise.all([held, released])
        .then(([device]) => device?.close())
        .catch(onCloseFailed);
      return () => {
        isReleased = true;
        resolve();
      };
    },
    idle: () => lastClosed,
  };
}
