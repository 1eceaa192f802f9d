// The interface to a notification daemon, as far as calls need it: org.freedesktop.Notifications of the Desktop Notifications
// Specification 1.2 (https://specifications.freedesktop.org/notification-spec/).

export interface DaemonEvents {
  /** The user pressed a button. */
  onAction(id: number, action: string): void;
  /**
   * A daemon has started, perhaps another one. It does not show what the last one showed.
   * @param daemon identifies it, as {@link Shown} does
   */
  onNewDaemon(daemon: string): void;
}

export interface Notification {
  readonly summary: string;
  readonly body: string;
  /** Ids and labels of the buttons, in this order. */
  readonly actions: readonly (readonly [id: string, label: string])[];
}

/** Where a notification is shown. */
export interface Shown {
  readonly id: number;
  /** The daemon that shows it. */
  readonly daemon: string;
}

/** A connection to the session bus. Every method rejects with an Error when the daemon refuses or does not answer in time. */
export interface NotificationDaemon {
  /** Starts a daemon where the desktop has one that is not running. */
  capabilities(): Promise<readonly string[]>;
  /** Whether the user does not want to be disturbed; false where the daemon cannot say. */
  isInhibited(): Promise<boolean>;
  notify(notification: Notification): Promise<Shown>;
  /** Withdraws it. One that is gone is no error. */
  withdraw(id: number): Promise<void>;
  disconnect(): void;
}

/** @throws Error without a session bus */
export type ConnectToDaemon = (busAddress: string, events: DaemonEvents) => Promise<NotificationDaemon>;
