// A virtual display on which something changes all the time: the picture, the pointer, and the windows.

import { setTimeout as delay } from "node:timers/promises";
import { type Display, startDisplay } from "../browser/xvfb.ts";
import { startXClient, type XClient } from "./x-client.ts";

/** Titles of the windows, by what happens to them. */
export const BUSY_WINDOWS = { painted: "Painted", hidden: "Hidden and shown", resized: "Resized" } as const;

const WIDTH = 640;
const HEIGHT = 480;
const STEP_MS = 10;
/** A capture takes a new size for granted when it has rested for 150 ms. */
const STEPS_TO_RESIZE = 60;
const STEPS_TO_HIDE = 20;

/** @returns the display of 640x480. Its end ends the changes first. */
export async function startBusyDisplay(): Promise<Display> {
  const display = await startDisplay(WIDTH, HEIGHT);
  let client: XClient | undefined;
  const stopping = new AbortController();
  let changes: Promise<void> = Promise.resolve();
  const end = async () => {
    stopping.abort();
    try {
      await changes;
    } finally {
      await client?.end();
      await display.end();
    }
  };
  try {
    client = await startXClient(display.name);
    changes = keepChanging(client, await openWindows(client), stopping.signal);
    // A failure is reported by end().
    changes.catch(() => undefined);
  } catch (error) {
    await end();
    throw error;
  }
  return { name: display.name, end };
}

type Windows = Readonly<Record<keyof typeof BUSY_WINDOWS, string>>;

async function openWindows(client: XClient): Promise<Windows> {
  const open = (title: string, x: number) =>
    client.openWindow({ title, x, y: 100, width: 120, height: 90, border: 2 });
  return {
    painted: await open(BUSY_WINDOWS.painted, 10),
    hidden: await open(BUSY_WINDOWS.hidden, 200),
    // A part is outside the display.
    resized: await open(BUSY_WINDOWS.resized, WIDTH - 60),
  };
}

async function keepChanging(client: XClient, windows: Windows, signal: AbortSignal): Promise<void> {
  for (let step = 0; !signal.aborted; step++) {
    const colour = (step * 0x04_08_10) & 0xff_ff_ff;
    await client.fill("root", colour, (step * 5) % WIDTH, 0, 40, 40);
    for (const window of Object.values(windows)) await client.fill(window, colour, step % 60, 10, 40, 40);
    await client.movePointer((step * 7) % WIDTH, (step * 3) % HEIGHT);
    const isOdd = (steps: number) => Math.floor(step / steps) % 2 === 1;
    if (step % STEPS_TO_RESIZE === 0)
      await client.resize(windows.resized, isOdd(STEPS_TO_RESIZE) ? 101 : 160, 91);
    if (step % STEPS_TO_HIDE === 0)
      await (isOdd(STEPS_TO_HIDE) ? client.hide(windows.hidden) : client.show(windows.hidden));
    await delay(STEP_MS);
  }
}
