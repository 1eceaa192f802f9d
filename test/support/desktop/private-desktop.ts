// A desktop of one test: a session bus of its own, a virtual display, and dunst(1) as its notification daemon.
//
//     const desktop = await startDesktop();
//     desktop.busAddress                     for the plugin's DBUS_SESSION_BUS_ADDRESS
//     await desktop.shownCount()             how many notifications are on the screen
//     await desktop.press("Answer")          chooses this button of a shown notification
//     await desktop.restartDaemon()          SIGKILL to the daemon, then another one
//     await desktop.stop()                   in a finally or after()
//
// Needs the packages dbus, dunst and xvfb.

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Message, type MessageBus, Variant } from "@jellybrick/dbus-next";
import { type Display, startDisplay } from "../browser/xvfb.ts";
import { type Helper, startHelper } from "../process/process-group.ts";
import { busAddressIn, connectToBus, startBus, untilOwned } from "./private-bus.ts";

const NAME = "org.freedesktop.Notifications";
const DUNST = "org.dunstproject.cmd0";

/** A notification that was closed, as dunst remembers it. */
export interface PastNotification {
  readonly summary: string;
  /** As the program sent it, markup included. */
  readonly body: string;
  readonly category: string;
}

export interface Desktop {
  readonly busAddress: string;
  shownCount(): Promise<number>;
  /** How many the daemon keeps back, because it is paused. */
  waitingCount(): Promise<number>;
  /** The last one first. */
  past(): Promise<PastNotification[]>;
  press(label: string): Promise<void>;
  stopDaemon(): Promise<void>;
  restartDaemon(): Promise<void>;
  /** Sets "do not disturb" of this daemon. */
  pause(isPaused: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Everything has ended when it fails. */
export async function startDesktop(): Promise<Desktop> {
  const desktop = new PrivateDesktop(await mkdtemp(join(tmpdir(), "goop-desktop-")));
  try {
    await desktop.start();
    return desktop;
  } catch (error) {
    await desktop.stop();
    throw error;
  }
}

class PrivateDesktop implements Desktop {
  readonly busAddress: string;
  readonly #folder: string;
  #helpers: Helper[] = [];
  #display: Display | undefined;
  #daemon: Helper | undefined;
  #bus: MessageBus | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.busAddress = busAddressIn(folder);
  }

  async start(): Promise<void> {
    await this.#writeFiles();
    this.#helpers.push(await startBus(this.#folder, "session"));
    this.#bus = await connectToBus(this.busAddress);
    this.#display = await startDisplay(800, 600);
    await this.#startDaemon();
  }

  shownCount(): Promise<number> {
    return this.#count("displayedLength");
  }

  waitingCount(): Promise<number> {
    return this.#count("waitingLength");
  }

  async past(): Promise<PastNotification[]> {
    const [list] = await this.#call(DUNST, "NotificationListHistory");
    return (list as Record<string, Variant>[]).map((one) => {
      const text = (key: string) => String(one[key]?.value ?? "");
      return {
        summary: text("summary"),
        body: text("body"),
        category: text("category"),
      };
    });
  }

  async press(label: string): Promise<void> {
    await writeFile(join(this.#folder, "choice"), label);
    await this.#call(DUNST, "ContextMenuCall");
  }

  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.child.kill("SIGKILL");
    await daemon?.exited;
    await daemon?.end();
  }

  async restartDaemon(): Promise<void> {
    await this.stopDaemon();
    await this.#startDaemon();
  }

  async pause(isPaused: boolean): Promise<void> {
    const body = [DUNST, "paused", new Variant("b", isPaused)];
    await this.#call("org.freedesktop.DBus.Properties", "Set", "ssv", body);
  }

  async stop(): Promise<void> {
    this.#bus?.disconnect();
    await this.stopDaemon();
    await this.#display?.end();
    await Promise.all(this.#helpers.map((helper) => helper.end()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #count(property: string): Promise<number> {
    const [value] = await this.#call("org.freedesktop.DBus.Properties", "Get", "ss", [DUNST, property]);
    return value instanceof Variant ? Number(value.value) : Number.NaN;
  }

  async #startDaemon(): Promise<void> {
    this.#daemon = await startHelper("dunst", ["-conf", join(this.#folder, "dunstrc")], {
      env: {
        DBUS_SESSION_BUS_ADDRESS: this.busAddress,
        DISPLAY: this.#display?.name ?? "",
        HOME: this.#folder,
        XDG_RUNTIME_DIR: this.#folder,
        WAYLAND_DISPLAY: "",
      },
    });
    if (this.#bus) await untilOwned(this.#bus, NAME);
  }

  async #call(from: string, member: string, signature = "", body: unknown[] = []): Promise<unknown[]> {
    const call = { destination: NAME, path: "/org/freedesktop/Notifications", interface: from, member };
    const reply = await this.#bus?.call(new Message({ ...call, signature, body }));
    return reply?.body ?? [];
  }

  async #writeFiles(): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    await writeFile(
      at("dunstrc"),
      `[global]\nstack_duplicates = false\ndmenu = ${at("choose")}\nfont = DejaVu Sans 10\nmarkup = full\nformat = "<b>%s</b>\\n%b"\n`,
    );
    // Takes the place of a menu: chooses the entry that the test names.
    await writeFile(at("choose"), `#!/bin/sh\nexec grep -m1 -F "$(cat ${at("choice")})"\n`);
    await chmod(at("choose"), 0o755);
  }
}
