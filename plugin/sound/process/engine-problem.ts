// Loads the sound engine in a process of its own, as a call does, and says why that fails.

import { errorText } from "../../common/error-text.ts";
import { SoundChild } from "./sound-child.ts";

/** The line of a stack that names the error. */
const ERROR_LINE = /^(?:sound process: )?(?:\w*Error(?: \[\w+\])?: )(.+)$/;

/**
 * @param env the environment of the sound processes
 * @returns null if the engine loads and lists its devices, also if there are none
 */
export async function soundEngineProblem(env: NodeJS.ProcessEnv): Promise<string | null> {
  const lines: string[] = [];
  const ignore = () => undefined;
  const child = new SoundChild(
    { env, log: (_level, line) => void lines.push(line) },
    { onBlock: ignore, onHeartbeat: ignore, onExit: ignore },
  );
  try {
    await child.list();
    return null;
  } catch (error) {
    const named = lines.map((line) => ERROR_LINE.exec(line)?.[1]).find((text) => text !== undefined);
    return named ?? errorText(error);
  } finally {
    await child.kill();
  }
}
