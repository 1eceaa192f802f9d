// A backend of xdg-desktop-portal, which plays the desktop and its user: the dialog, the stream that is chosen, the desktop's own
// way to stop sharing, and the question whether a program may use the camera.
// https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.impl.portal.ScreenCast.html and …portal.Access.html

import { once } from "node:events";
import { Message, type MessageBus, MessageType, Variant } from "@jellybrick/dbus-next";
import { connectToBus } from "../desktop/private-bus.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

export const BACKEND_NAME = "org.freedesktop.impl.portal.desktop.test";
const SCREEN_CAST = "org.freedesktop.impl.portal.ScreenCast";
const ACCESS = "org.freedesktop.impl.portal.Access";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const SESSION = "org.freedesktop.impl.portal.Session";
const REQUEST = "org.freedesktop.impl.portal.Request";

/** Of a request, see plugin/screen/portal. */
const SUCCESS = 0;
const CANCELLED = 1;
const OTHERWISE = 2;

/** The dialog of one request. */
export interface Dialog {
  readonly session: string;
  /** What the program asked for, without variants. */
  readonly options: Readonly<Record<string, unknown>>;
  choose(nodeId: number, kind?: "monitor" | "window"): void;
  cancel(): void;
  /** The dialog succeeds without a stream. */
  chooseNothing(): void;
  /** The backend ends it for a reason of its own. */
  fail(): void;
  /** The program has withdrawn its request. */
  readonly closed: Promise<void>;
}

/** The question whether a program may do something. */
export interface Question {
  readonly title: string;
  allow(): void;
  refuse(): void;
  /** The program has withdrawn its request. */
  readonly closed: Promise<void>;
}

export interface PortalBackend {
  /** Bits of AvailableSourceTypes. */
  types: number;
  /** The next dialog, or the one that is open. */
  dialog(): Promise<Dialog>;
  /** The next question, or the one that is open. */
  question(): Promise<Question>;
  /** Questions so far. */
  readonly questions: number;
  /** The user stops sharing in the desktop's own display. */
  stopSharing(session: string): void;
  /** Sessions that are open at present. */
  readonly sessions: ReadonlySet<string>;
  /** Resolves when the last session has been closed. */
  untilNoSession(): Promise<void>;
  end(): void;
}

/** Its bus connection is named BACKEND_NAME when it resolves. */
export async function startPortalBackend(busAddress: string): Promise<PortalBackend> {
  const bus = await connectToBus(busAddress);
  const backend = new Backend(bus);
  await bus.requestName(BACKEND_NAME);
  return backend;
}

class Backend implements PortalBackend {
  readonly #bus: MessageBus;
  readonly #events = new EventTarget();
  readonly sessions = new Set<string>();
  readonly #options = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #closing = new Map<string, () => void>();
  #open: Dialog | null = null;
  #asked: Question | null = null;
  questions = 0;
  types = 3;

  constructor(bus: MessageBus) {
    this.#bus = bus;
    bus.addMethodHandler((message) => this.#handle(message));
  }

  async dialog(): Promise<Dialog> {
    while (this.#open === null) await this.#next("dialog");
    const dialog = this.#open;
    this.#open = null;
    return dialog;
  }

  async question(): Promise<Question> {
    while (this.#asked === null) await this.#next("question");
    const question = this.#asked;
    this.#asked = null;
    return question;
  }

  stopSharing(session: string): void {
    this.#bus.send(
      new Message({ type: MessageType.SIGNAL, path: session, interface: SESSION, member: "Closed" }),
    );
    this.#forget(session);
  }

  async untilNoSession(): Promise<void> {
    while (this.sessions.size > 0) await this.#next("session");
  }

  end(): void {
    this.#bus.disconnect();
  }

  async #next(event: string): Promise<void> {
    await once(this.#events, event, { signal: AbortSignal.timeout(HANG_LIMIT_MS) });
  }

  #forget(session: string): void {
    this.sessions.delete(session);
    this.#events.dispatchEvent(new Event("session"));
  }

  #handle(message: Message): boolean {
    const { interface: of, member, path, body } = message;
    const answer = (signature: string, values: unknown[]) =>
      void this.#bus.send(Message.newMethodReturn(message, signature, values));
    const result = (code: number, results: object = {}) => answer("ua{sv}", [code, results]);
    if (of === PROPERTIES && member === "GetAll") answer("a{sv}", [this.#properties()]);
    else if (of === PROPERTIES && member === "Get") {
      answer("v", [this.#properties()[String(body[1])] ?? new Variant("u", 0)]);
    } else if (of === SESSION && member === "Close") {
      this.#forget(path);
      answer("", []);
    } else if (of === REQUEST && member === "Close") {
      this.#closing.get(path)?.();
      answer("", []);
    } else if (of === ACCESS && member === "AccessDialog") {
      this.#ask(String(body[0]), String(body[3]), result);
    } else if (of !== SCREEN_CAST) return false;
    else if (member === "CreateSession") {
      this.sessions.add(String(body[1]));
      result(SUCCESS);
    } else if (member === "SelectSources") {
      this.#options.set(String(body[1]), plain(body[3]));
      result(SUCCESS);
    } else if (member === "Start") this.#start(String(body[0]), String(body[1]), result);
    else return false;
    return true;
  }

  #ask(request: string, title: string, result: (code: number) => void): void {
    const closed = Promise.withResolvers<void>();
    this.#closing.set(request, closed.resolve);
    this.questions += 1;
    this.#asked = {
      ...{ title, closed: closed.promise },
      allow: () => result(SUCCESS),
      refuse: () => result(CANCELLED),
    };
    this.#events.dispatchEvent(new Event("question"));
  }

  #start(request: string, session: string, result: (code: number, results?: object) => void): void {
    const closed = Promise.withResolvers<void>();
    this.#closing.set(request, closed.resolve);
    const dialog: Dialog = {
      session,
      options: this.#options.get(session) ?? {},
      closed: closed.promise,
      cancel: () => result(CANCELLED),
      chooseNothing: () => result(SUCCESS, { streams: new Variant("a(ua{sv})", []) }),
      fail: () => result(OTHERWISE),
      choose: (nodeId, kind = "monitor") => {
        const properties = { source_type: new Variant("u", kind === "window" ? 2 : 1) };
        const restoreData = ["test", 1, new Variant("s", `node ${nodeId}`)];
        result(SUCCESS, {
          streams: new Variant("a(ua{sv})", [[nodeId, properties]]),
          persist_mode: new Variant("u", 2),
          restore_data: new Variant("(suv)", restoreData),
        });
      },
    };
    this.#open = dialog;
    this.#events.dispatchEvent(new Event("dialog"));
  }

  #properties(): Record<string, Variant> {
    return {
      AvailableSourceTypes: new Variant("u", this.types),
      AvailableCursorModes: new Variant("u", 3),
      version: new Variant("u", 4),
    };
  }
}

function plain(options: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object(options)).map(([key, value]) => [
      key,
      value instanceof Variant ? value.value : value,
    ]),
  );
}
