// Builds and drives an X client that opens windows, paints, and adds monitors.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runOrFail } from "../process/cpp-build.ts";
import { startHelper } from "../process/process-group.ts";

const SOURCE = fileURLToPath(new URL("./x-client.cc", import.meta.url));

/** Colours are 0xRRGGBB, places and sizes pixels. A promise resolves when the server has done it. */
export interface XClient {
  /** @returns the id that the product uses */
  openWindow(options: {
    readonly title: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly border?: number;
  }): Promise<string>;
  /** @param window an id, or "root" */
  fill(window: string, colour: number, x: number, y: number, width: number, height: number): Promise<void>;
  /** Black on white, in letters of 6 by 13 pixels or so, at most 255 of them. `y` is that of the base line. */
  write(window: string, x: number, y: number, text: string): Promise<void>;
  /** Paints the time and a number over the top eighth of the screen: the stamp of the test pattern. */
  stamp(sequence: number): Promise<void>;
  /** Moves all below the stamp up by so many pixels, and paints something new there. */
  scroll(pixels: number): Promise<void>;
  resize(window: string, width: number, height: number): Promise<void>;
  /** To a size and at once to another. */
  resizeTwice(
    window: string,
    first: readonly [number, number],
    last: readonly [number, number],
  ): Promise<void>;
  setBorder(window: string, width: number): Promise<void>;
  move(window: string, x: number, y: number): Promise<void>;
  show(window: string): Promise<void>;
  hide(window: string): Promise<void>;
  close(window: string): Promise<void>;
  movePointer(x: number, y: number): Promise<void>;
  /** Adds a monitor beside those of the server, or moves and resizes it. RandR 1.5 calls this a user's monitor. */
  setMonitor(name: string, x: number, y: number, width: number, height: number): Promise<void>;
  removeMonitor(name: string): Promise<void>;
  end(): Promise<void>;
}

/** @param display such as ":3" */
export async function startXClient(display: string): Promise<XClient> {
  const folder = await mkdtemp(join(tmpdir(), "x-client-"));
  const program = join(folder, "x-client");
  await runOrFail("g++", [
    ...["-std=c++20", "-Wall", "-Wextra", "-Werror", "-O1", SOURCE, "-o", program],
    ...["-lxcb", "-lxcb-randr"],
  ]);
  const helper = await startHelper(program, [], {
    env: { DISPLAY: display },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdin, stdout } = helper.child;
  if (stdin === null || stdout === null) throw new Error("the X client has no pipes");
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  let last: Promise<string> = Promise.resolve("");
  const run = (line: string) => {
    last = last.then(async () => {
      stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`${line}: the X client has ended`);
      return value;
    });
    return last;
  };
  const expectOk = async (line: string) => {
    const answer = await run(line);
    if (answer !== "ok") throw new Error(`${line}: ${answer}`);
  };
  const numberOf = (window: string) => (window === "root" ? "0" : window.replace("window:", ""));
  return {
    openWindow: ({ title, x, y, width, height, border = 0 }) =>
      run(`window ${x} ${y} ${width} ${height} ${border} ${title}`),
    fill: (window, colour, ...area) => expectOk(`fill ${numberOf(window)} ${colour} ${area.join(" ")}`),
    write: (window, x, y, text) => expectOk(`text ${numberOf(window)} ${x} ${y} ${text}`),
    stamp: (sequence) => expectOk(`stamp ${sequence}`),
    scroll: (pixels) => expectOk(`scroll ${pixels}`),
    resize: (window, width, height) => expectOk(`resize ${numberOf(window)} ${width} ${height}`),
    resizeTwice: (window, first, last) =>
      expectOk(`resizeTwice ${numberOf(window)} ${[...first, ...last].join(" ")}`),
    setBorder: (window, width) => expectOk(`border ${numberOf(window)} ${width}`),
    move: (window, x, y) => expectOk(`move ${numberOf(window)} ${x} ${y}`),
    show: (window) => expectOk(`map ${numberOf(window)}`),
    hide: (window) => expectOk(`unmap ${numberOf(window)}`),
    close: (window) => expectOk(`close ${numberOf(window)}`),
    movePointer: (x, y) => expectOk(`pointer ${x} ${y}`),
    setMonitor: (name, ...area) => expectOk(`monitor ${name} ${area.join(" ")}`),
    removeMonitor: (name) => expectOk(`monitor ${name} 0 0 0 0`),
    async end() {
      await helper.end();
      await rm(folder, { recursive: true });
    },
  };
}
