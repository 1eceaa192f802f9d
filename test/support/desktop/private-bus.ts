// A message bus of one test, which starts no service of this machine. Needs the package dbus.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Message, type MessageBus, sessionBus } from "@jellybrick/dbus-next";
import { type Helper, startHelper } from "../process/process-group.ts";

/** Only a broken program takes longer. */
const START_MS = 60_000;
const POLL_MS = 20;

/** @returns the address of the bus that `startBus` starts in this folder */
export function busAddressIn(folder: string): string {
  return `unix:path=${join(folder, "bus")}`;
}

/** For dbus-daemon: without folders of services, and everyone may own any name. @returns the file's path */
export async function writeBusConfig(folder: string, type: "session" | "system"): Promise<string> {
  const config = join(folder, "bus.conf");
  await writeFile(
    config,
    `<busconfig><type>${type}</type><listen>${busAddressIn(folder)}</listen>
     <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  return config;
}

/** Resolves when the bus listens. @returns the process; end it */
export async function startBus(folder: string, type: "session" | "system"): Promise<Helper> {
  const config = await writeBusConfig(folder, type);
  const bus = await startHelper(
    "dbus-daemon",
    ["--nofork", "--nopidfile", "--print-address=1", `--config-file=${config}`],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  try {
    // It prints its address when it listens.
    if (bus.child.stdout) await once(bus.child.stdout, "data", { signal: AbortSignal.timeout(START_MS) });
    return bus;
  } catch (error) {
    await bus.end();
    throw error;
  }
}

/** A connection; disconnect it. */
export async function connectToBus(busAddress: string): Promise<MessageBus> {
  const bus = sessionBus({ busAddress });
  try {
    await once(bus, "connect", { signal: AbortSignal.timeout(START_MS) });
    return bus;
  } catch (error) {
    bus.disconnect();
    throw error;
  }
}

/** Resolves when a program has taken the name. Polls, because a request would not wait for a program that the bus cannot start. */
export async function untilOwned(bus: MessageBus, name: string): Promise<void> {
  const untilMs = performance.now() + START_MS;
  while (!(await hasOwner(bus, name))) {
    if (performance.now() > untilMs) throw new Error(`no program has taken ${name} on the bus`);
    await wait(POLL_MS);
  }
}

async function hasOwner(bus: MessageBus, name: string): Promise<boolean> {
  const reply = await bus.call(
    new Message({
      destination: "org.freedesktop.DBus",
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "NameHasOwner",
      signature: "s",
      body: [name],
    }),
  );
  return reply?.body[0] === true;
}
