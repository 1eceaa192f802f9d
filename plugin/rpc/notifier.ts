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
import { isState, StatePacer } from "./state-pacer.ts";

/**
 * Notifications that break our own schema, or are too long for a line, are logged and not sent. Those about state may come
 * later, and only the newest; see state-pacer.ts. Never throws.
 */
export type Notify = <N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>) => void;

/**
 * Tells a state that is read when its line is written. So a reader that pauses gets the newest one only.
 * @param read null where there is nothing to notify
 */
export type NotifyLatest = (
  name: "contacts.changed",
  read: () => PluginNotificationParams<"contacts.changed"> | null,
) => void;

export interface NotifierOptions {
  /** Takes one line without its newline. @throws LineTooLongError */
  send(line: string): void;
  /** Takes a line that is written when the reader has taken all before it. A newer one of this key replaces it. */
  sendLatest?(key: string, write: () => string | null): void;
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
  readonly #queue: { name: string; send(): void }[] = [];
  readonly #pacer = new StatePacer();
  #holds = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  readonly notify: Notify = (name, params) => {
    const callId = "callId" in params && typeof params.callId === "string" ? params.callId : undefined;
    if (name === "call.ended" && callId !== undefined) this.#pacer.forgetCall(callId);
    if (!isState(name)) {
      this.#send(name, params);
      return;
    }
    // The last record of `calls.persisted` names no call.
    const ofCall = name === "calls.persisted" ? undefined : callId;
    this.#pacer.update(name, ofCall, (charge) => charge(this.#send(name, params)));
  };

  readonly notifyLatest: NotifyLatest = (name, read) => {
    const { send, sendLatest = (_, write) => sendWritten(send, write) } = this.#options;
    this.#pacer.update(name, undefined, (charge) => {
      const write = () => {
        const params = read();
        const line = params && this.#lineOf(name, params);
        charge(line?.length ?? 0);
        return line;
      };
      this.#queueUp(name, () => sendLatest(name, write));
    });
  };

  /** Sends a line behind the notifications before it, also while they are held back. @throws LineTooLongError */
  post(name: string, line: string): void {
    if (this.#holds === 0) this.#options.send(line);
    else this.#queue.push({ name, send: () => this.#options.send(line) });
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
    for (const { name, send } of this.#queue.splice(0)) {
      try {
        send();
      } catch (error) {
        this.#options.log("error", `${name} not sent: ${errorText(error)}`);
      }
    }
  }

  /** Sends the states that wait for their turn, and the lines that are held back. */
  flushAll(): void {
    this.#pacer.flush();
    this.flush();
  }

  /** @returns the characters of the line; 0 if nothing was sent */
  #send<N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>): number {
    const line = this.#lineOf(name, params);
    if (line === null) return 0;
    this.#queueUp(name, () => this.#options.send(line));
    return line.length;
  }

  #queueUp(name: string, send: () => void): void {
    this.#queue.push({ name, send });
    if (this.#holds === 0) this.flush();
  }

  /** @returns null for params that break our schema, and for a notification that this version does not have */
  #lineOf<N extends PluginNotificationName>(name: N, params: PluginNotificationParams<N>): string | null {
    const { encode = (same: unknown, _name: string) => same, log } = this.#options;
    const checked = pluginNotifications[name].params.safeParse(params);
    if (!checked.success) {
      log("error", `${name} not sent: ${summaryOf(checked.error, params)}`);
      return null;
    }
    const encoded = encode(checked.data, name);
    return encoded === null ? null : notificationLine(name, encoded);
  }
}

function sendWritten(send: (line: string) => void, write: () => string | null): void {
  const line = write();
  if (line !== null) send(line);
}
