// A notification daemon without a bus. It keeps the contract of the real one (test/contract/desktop/notification-daemon.contract.ts).
//
//     const desktop = new FakeDesktop();            desktop.connect is what createDesktopNotifier takes
//     desktop.shown                                 the notifications on the screen, by id
//     desktop.press("answer")                       the user presses a button of the last one
//     desktop.capabilities = ["body"]               a daemon without buttons and markup
//     desktop.restart()                             another daemon, without the notifications of the last one
//     desktop.isInhibited = true                    the user does not want to be disturbed

import type {
  ConnectToDaemon,
  DaemonEvents,
  Notification,
  NotificationDaemon,
  Shown,
} from "../../../plugin/alerts/notification-daemon.ts";

export class FakeDesktop {
  readonly shown = new Map<number, Notification>();
  /** Every notification so far, in order. */
  readonly past: Notification[] = [];
  capabilities: readonly string[] = ["actions", "body", "body-markup"];
  isInhibited = false;
  /** Refuses every request. */
  failure: Error | null = null;
  /** How often a connection was opened and not closed yet. */
  connections = 0;
  /** No daemon runs; the next request starts one. */
  isStopped = false;
  #daemon = 1;
  #lastId = 0;
  readonly #listeners = new Set<DaemonEvents>();

  readonly connect: ConnectToDaemon = async (busAddress, events) => {
    if (busAddress === "unix:path=/nowhere") throw new Error("connect ENOENT /nowhere");
    this.connections += 1;
    this.#listeners.add(events);
    return this.#daemonFor(events);
  };

  press(action: string): void {
    for (const events of this.#listeners) events.onAction(this.#lastId, action);
  }

  restart(): void {
    this.#daemon += 1;
    this.shown.clear();
    for (const events of [...this.#listeners]) events.onNewDaemon(this.#name());
  }

  #name(): string {
    return `:1.${this.#daemon}`;
  }

  /** What every request passes. */
  async #request(): Promise<void> {
    if (this.failure) throw this.failure;
    if (!this.isStopped) return;
    this.isStopped = false;
    this.restart();
  }

  #daemonFor(events: DaemonEvents): NotificationDaemon {
    let isConnected = true;
    return {
      capabilities: async () => {
        await this.#request();
        return this.capabilities;
      },
      isInhibited: async () => {
        await this.#request();
        return this.isInhibited;
      },
      notify: async (notification): Promise<Shown> => {
        await this.#request();
        this.#lastId += 1;
        this.shown.set(this.#lastId, notification);
        this.past.push(notification);
        return { id: this.#lastId, daemon: this.#name() };
      },
      withdraw: async (id) => {
        await this.#request();
        this.shown.delete(id);
      },
      disconnect: () => {
        this.#listeners.delete(events);
        if (isConnected) this.connections -= 1;
        isConnected = false;
      },
    };
  }
}
