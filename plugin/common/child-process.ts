// Starts programs. Node reports some failures to start as an event, some as an exception, and with no file descriptor left it
// returns a child without pipes. Here every failure becomes the event `error`, and never an uncaught exception.

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/**
 * Starts a program as Node's `spawn` does, but never throws.
 * @param onFailure runs once, in a later turn, if the program could not be started. Then the child has no pid
 * @returns undefined if not even the child's pipes exist
 */
export function startProgram(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
  onFailure: (error: Error) => void,
): ChildProcess | undefined {
  let child: ChildProcess;
  try {
    child = spawn(program, args, options);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    setImmediate(() => onFailure(cause));
    return undefined;
  }
  let hasFailed = false;
  // A message that cannot be sent, or a signal, causes this event too, after the start.
  child.on("error", (error) => {
    if (hasFailed || child.pid !== undefined) return;
    hasFailed = true;
    onFailure(error);
  });
  // Without descriptors Node leaves them out, whatever its types say.
  const pipes: unknown = child.stdio;
  return pipes === undefined ? undefined : child;
}
