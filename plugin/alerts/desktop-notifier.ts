// Shows an incoming call on the desktop. Each call has a connection to the session bus of its own, which ends with the notification.
// A desktop without a bus or a daemon shows nothing, and the call goes on.

import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { connectToDaemon } from "./freedesktop-daemon.ts";
import type { ConnectToDaemon, NotificationDaemon, Shown } from "./notification-daemon.ts";
import { notificationText } from "./notification-text.ts";
import type { CallNotifier, NotificationChoices, NotifiedCall } from "./notifier.ts";

const ANSWER = "answer";
const DECLINE = "decline";
const ACTIONS = [
  [ANSWER, "Answer"],
  [DECLINE, "Decline"],
] as const;

export interface DesktopNotifierOptions {
  /** Null where there is no session bus. */
  readonly busAddress: string | null;
  readonly choices: NotificationChoices;
  readonly log: Log;
  readonly connect?: ConnectToDaemon;
}

/** @returns the session bus of this process, as systemd and libdbus find it; null where there is none */
export function sessionBusAddress({
  DBUS_SESSION_BUS_ADDRESS: address = "",
  XDG_RUNTIME_DIR: folder = "",
}: NodeJS.ProcessEnv): string | null {
  if (address !== "") return address;
  return folder === "" ? null : `unix:path=${folder}/bus`;
}

export function createDesktopNotifier(options: DesktopNotifierOptions): CallNotifier {
  let shown: { readonly call: NotifiedCall; readonly notice: CallNotice } | null = null;
  const ending = new Set<Promise<void>>();
  const end = ({ notice }: { notice: CallNotice }) => {
    const ended = notice.end().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const show = (call: NotifiedCall | null) => {
    const { busAddress } = options;
    if (call?.callId === shown?.call.callId && call?.peerLabel === shown?.call.peerLabel) return;
    if (shown !== null) end(shown);
    shown =
      call === null || busAddress === null
        ? null
        : { call, notice: new CallNotice(call, busAddress, options) };
  };
  return {
    show,
    async close() {
      show(null);
      await Promise.all(ending);
    },
  };
}

/** The notification of one call, from its ring to its end. */
class CallNotice {
  readonly #call: NotifiedCall;
  readonly #options: DesktopNotifierOptions;
  readonly #over = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #hasNewDaemon = Promise.withResolvers<void>();
  /** The daemon that started last; null while the same one runs. */
  #newDaemon: string | null = null;
  #shown: Shown | null = null;
  #isOver = false;

  constructor(call: NotifiedCall, busAddress: string, options: DesktopNotifierOptions) {
    this.#call = call;
    this.#options = options;
    this.#done = this.#run(busAddress);
  }

  /** Withdraws it. Resolves when the connection is closed; never rejects. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#over.resolve();
    await this.#done;
  }

  async #run(busAddress: string): Promise<void> {
    const { connect = connectToDaemon } = this.#options;
    try {
      const daemon = await connect(busAddress, {
        onAction: (id, action) => this.#onAction(id, action),
        onNewDaemon: (name) => {
          this.#newDaemon = name;
          this.#hasNewDaemon.resolve();
        },
      });
      try {
        await this.#showUntilOver(daemon);
        if (this.#shown !== null) await daemon.withdraw(this.#shown.id);
      } finally {
        daemon.disconnect();
      }
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** Shows it again when the daemon was replaced. */
  async #showUntilOver(daemon: NotificationDaemon): Promise<void> {
    await this.#show(daemon);
    while (!this.#isOver) {
      await Promise.race([this.#over.promise, this.#hasNewDaemon.promise]);
      this.#hasNewDaemon = Promise.withResolvers();
      // A daemon that our own request has started shows it already.
      const isGone = this.#shown === null || this.#newDaemon !== this.#shown.daemon;
      if (!this.#isOver && isGone) await this.#show(daemon);
    }
  }

  async #show(daemon: NotificationDaemon): Promise<void> {
    this.#shown = null;
    try {
      const capabilities = await daemon.capabilities();
      if (this.#isOver || (await daemon.isInhibited()) || this.#isOver) return;
      const text = notificationText(this.#call, capabilities.includes("body-markup"));
      const actions = capabilities.includes("actions") ? ACTIONS : [];
      this.#shown = await daemon.notify({ ...text, actions });
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** Most systems without a desktop have neither a bus nor a daemon. */
  #logFailure(error: unknown): void {
    this.#options.log("info", `no notification of the call: ${errorText(error)}`);
  }

  #onAction(id: number, action: string): void {
    if (this.#isOver || id !== this.#shown?.id) return;
    const { choices } = this.#options;
    if (action === ANSWER) choices.onAnswer(this.#call.callId);
    if (action === DECLINE) choices.onDecline(this.#call.callId);
  }
}
