// A system bus of one test with a daemon that gives real time: rtkit itself, or one that only answers.
//
//     const bus = await startSystemBus();
//     const daemon = await bus.startRtkit();         Debian's rtkit-daemon, with everything authorized
//     const daemon = await bus.startFake({ … });     answers as told
//     await bus.stop();                              in a finally or after()
//
// Needs the packages dbus and rtkit.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DBusError, Message, type MessageBus, Variant } from "@jellybrick/dbus-next";
import { type Helper, startHelper } from "../process/process-group.ts";
import { busAddressIn, connectToBus, startBus, untilOwned } from "./private-bus.ts";

const RTKIT_PROGRAM = "/usr/libexec/rtkit-daemon";
const RTKIT = "org.freedesktop.RealtimeKit1";
const PORTAL = "org.freedesktop.portal.Desktop";
const POLKIT = "org.freedesktop.PolicyKit1";

/** One request that a fake daemon got. */
export interface FakeRequest {
  readonly member: string;
  readonly pid: number;
  readonly tid: number;
  readonly value: number;
}

export interface FakeDaemonOptions {
  readonly maxPriority?: number;
  readonly minNice?: number;
  /** Refuses every request from this one on. */
  readonly serves?: number;
  /** Takes the portal's name, in place of rtkit's. */
  readonly isPortal?: boolean;
  /** Carries a request out, as the real daemon does. */
  readonly onRequest?: (request: FakeRequest) => void;
}

export interface SystemBus {
  readonly address: string;
  startRtkit(): Promise<void>;
  /** @returns the requests so far */
  startFake(options?: FakeDaemonOptions): Promise<readonly FakeRequest[]>;
  stop(): Promise<void>;
}

/** Everything has ended when it fails. */
export async function startSystemBus(): Promise<SystemBus> {
  const bus = new PrivateSystemBus(await mkdtemp(join(tmpdir(), "goop-system-bus-")));
  try {
    await bus.start();
    return bus;
  } catch (error) {
    await bus.stop();
    throw error;
  }
}

class PrivateSystemBus implements SystemBus {
  readonly address: string;
  readonly #folder: string;
  readonly #helpers: Helper[] = [];
  readonly #connections: MessageBus[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.address = busAddressIn(folder);
  }

  async start(): Promise<void> {
    this.#helpers.push(await startBus(this.#folder, "system"));
  }

  async startRtkit(): Promise<void> {
    // Authorizes everything, as polkit does for the user of a desktop's active session.
    const polkit = await this.#own(POLKIT, (message) =>
      message.member === "CheckAuthorization" ? ["(bba{ss})", [[true, false, {}]]] : null,
    );
    // The daemon's user exists only where its package is installed by apt; the rest of its protection is not under test.
    const rtkit = await startHelper(
      RTKIT_PROGRAM,
      ["--no-canary", "--no-chroot", "--no-drop-privileges", "--no-limit-resources"],
      { env: { DBUS_SYSTEM_BUS_ADDRESS: this.address } },
    );
    this.#helpers.push(rtkit);
    await untilOwned(polkit, RTKIT);
  }

  async startFake(options: FakeDaemonOptions = {}): Promise<readonly FakeRequest[]> {
    const { maxPriority = 20, minNice = -15, serves = Number.POSITIVE_INFINITY, isPortal = false } = options;
    const requests: FakeRequest[] = [];
    const properties: Record<string, Variant> = {
      MaxRealtimePriority: new Variant("i", maxPriority),
      MinNiceLevel: new Variant("i", minNice),
      RTTimeUSecMax: new Variant("x", 200_000n),
    };
    await this.#own(isPortal ? PORTAL : RTKIT, ({ member, body }) => {
      if (member === "Get") return ["v", [properties[String(body[1])]]];
      if (!/^MakeThread\w+WithPID$/.test(member ?? "")) return null;
      if (requests.length >= serves) throw new DBusError(`${RTKIT}.Busy`, "too many requests");
      const [pid, tid, value] = body.map(Number);
      const request = { member: member ?? "", pid: pid ?? 0, tid: tid ?? 0, value: value ?? 0 };
      requests.push(request);
      options.onRequest?.(request);
      return ["", []];
    });
    return requests;
  }

  async stop(): Promise<void> {
    for (const bus of this.#connections) bus.disconnect();
    await Promise.all(this.#helpers.map((helper) => helper.end()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** @param answer signature and body; null for a method that is not known */
  async #own(name: string, answer: (call: Message) => [string, unknown[]] | null): Promise<MessageBus> {
    const bus = await connectToBus(this.address);
    this.#connections.push(bus);
    bus.addMethodHandler((message: Message) => {
      try {
        const answered = answer(message);
        if (answered === null) return false;
        bus.send(Message.newMethodReturn(message, ...answered));
      } catch (error) {
        const { type, text } =
          error instanceof DBusError ? error : { type: `${name}.Failed`, text: String(error) };
        bus.send(Message.newError(message, type, text));
      }
      return true;
    });
    await bus.requestName(name, 0);
    return bus;
  }
}
