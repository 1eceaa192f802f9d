// Small things that several sound tests need: collecting blocks, waiting for a condition, looking at processes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Longer than anything takes on a busy machine; reaching it is a failure. */
const DEADLINE_MS = 20_000;
const LOOK_EVERY_MS = 20;

export function ignoreLog(): void {
  // These tests look at what happens, not at what is said of it.
}

/** Resolves as soon as the condition holds; for facts about other processes, which send no event. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > untilMs) assert.fail(`not within ${DEADLINE_MS} ms: ${what}`);
    await wait(LOOK_EVERY_MS);
  }
}

export interface BlockCollector {
  readonly blocks: Int16Array[];
  readonly onBlock: (block: Int16Array) => void;
  readonly onLost: (error: Error) => void;
  /** Resolves with the block that makes it true. */
  until(condition: (blocks: Int16Array[]) => boolean): Promise<void>;
}

/** The callbacks of a microphone; a lost device fails the test. */
export function blockCollector(): BlockCollector {
  const blocks: Int16Array[] = [];
  let onChange = ignoreLog;
  return {
    blocks,
    onBlock(block) {
      blocks.push(block);
      onChange();
    },
    onLost: (error) => assert.fail(error.message),
    until(condition) {
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(() => reject(new Error(`only ${blocks.length} blocks`)), DEADLINE_MS);
        onChange = () => {
          if (!condition(blocks)) return;
          clearTimeout(deadline);
          onChange = ignoreLog;
          resolve();
        };
        onChange();
      });
    },
  };
}

export function joined(blocks: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}

/** Running sound processes whose parent is `parentPid`; see proc_pid_stat(5). */
export function soundProcessesOf(parentPid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) => isRunning(pid) && parentOf(pid) === parentPid && commandOf(pid).includes("sound-process."),
    );
}

/** False for a process that has gone, or has died and waits for its parent. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1]);
}

function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`);
}

function statOf(pid: number): string[] | undefined {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  // The command's name may hold blanks and brackets, so count from its last bracket.
  return text === "" ? undefined : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has gone meanwhile.
    return "";
  }
}
