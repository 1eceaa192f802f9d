// Notifications to the host. Each is checked against our own schema before it leaves. Frames do not come this way, because
// plugin/frames builds their lines.

import {
  type PluginNotificationName,
  type PluginNotificationParams,
  pluginNotifications,
} from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { notificationLine } from "./json-rpc.ts";
import { summaryOf } from "./messages.ts";

/** Notifications that break our own schema, or are too long for a line, are logged and not sent. Never throws. */
export type Notify = <N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>) => void;

export interface NotifierOptions {
  /** Takes one line without its newline. @throws LineTooLongError */
  send(line: string): void;
  /**
   * Writes params as the agreed version of the contract has them; without it, they are sent as they are.
   * @returns null for a notification that this version does not have
   */
  encode?(params: unknown, name: string): unknown;
  readonly log: Log;
}

export function createNotifier(send: (line: string) => void, log: Log): Notify {
  return new Notifier({ send, log }).notify;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #queue: { name: string; line: string }[] = [];
  #holds = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  readonly notify: Notify = (name, params) => {
    const { encode = (same: unknown, _name: string) => same, log } = this.#options;
    const checked = pluginNotifications[name].params.safeParse(params);
    if (!checked.success) return log("error", `${name} not sent: ${summaryOf(checked.error, params)}`);
    const encoded = encode(checked.data, name);
    if (encoded === null) return;
    this.#queue.push({ name, line: notificationLine(name, encoded) });
    if (this.#holds === 0) this.flush();
  };

  /** Sends a line behind the notifications before it, also while they are held back. @throws LineTooLongError */
  post(name: string, line: string): void {
    if (this.#holds === 0) this.#options.send(line);
    else this.#queue.push({ name, line });
  }

  /**
   * Holds notifications back, so that an answer goes out first. They wait for the end of this turn of the event loop at most.
   * @returns the function that ends the hold
   */
  hold(): () => void {
    this.#holds += 1;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      clearImmediate(endOfTurn);
      this.#holds -= 1;
      if (this.#holds === 0) this.flush();
    };
    const endOfTurn = setImmediate(release);
    return release;
  }

  /** Sends the lines that are held back. */
  flush(): void {
    for (const { name, line } of this.#queue.splice(0)) {
      try {
        this.#options.send(line);
      } catch (error) {
        this.#options.log("error", `${name} not sent: ${errorText(error)}`);
      }
    }
  }
}
