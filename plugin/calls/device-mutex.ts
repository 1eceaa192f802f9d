// Who holds a device, one after the other: the next opens it only after the last closed it, since closing takes time
// and a camera that is still open answers EBUSY. Knows nothing of what the device is.

interface Closable {
  close(): Promise<void>;
}

/**
 * One for each kind of device, not for each device: a second camera waits too, which keeps the order of
 * changes.
 */
export interface DeviceMutex<T extends Closable> {
  /** Waits for its turn, opens, reports, and holds until the returned function is called; that closes the device. */
  hold(open: () => Promise<T>, onOpened: (device: T) => void, onFailed: (error: unknown) => void): () => void;
  /** Resolves when all that was released is closed. */
  idle(): Promise<void>;
}

/** @param onCloseFailed hears of a close that rejected; the next holder has its turn all the same */
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
      // Apart from opening, so that a receiver that throws does not keep the device from being closed.
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
