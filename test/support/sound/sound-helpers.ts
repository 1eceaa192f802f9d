// Helpers of the sound tests: collecting blocks, waiting for a condition, inspecting processes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Longer than any step takes on a busy machine. Reaching it is a failure. */
const DEADLINE_MS = 40_000;
const LOOK_EVERY_MS = 20;

export function ignoreLog(): void {
  // These tests ignore the log.
}

/**
 * Polls until the condition holds, for facts about other processes, which send no event.
 * @param details more text for the failure
 */
export async function eventually(
  condition: () => boolean,
  what: string,
  details = () => "",
  limitMs = DEADLINE_MS,
): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > untilMs) assert.fail(`not within ${limitMs} ms: ${what}\n${details()}`);
    await wait(LOOK_EVERY_MS);
  }
}

interface BlockCollector {
  readonly blocks: Int16Array[];
  readonly onBlock: (block: Int16Array) => void;
  readonly onLost: (error: Error) => void;
  /** Resolves with the block that makes it true. */
  until(condition: (blocks: Int16Array[]) => boolean): Promise<void>;
}

/** The callbacks of a microphone. A lost device fails the test. */
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

/** False for a process that is gone, or dead and not yet reaped. */
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
  // The command's name may contain blanks and parentheses, so fields are counted from the last parenthesis.
  return text === "" ? undefined : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process is gone.
    return "";
  }
}
