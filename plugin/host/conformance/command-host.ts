// Runs a host in any language for the suite: a command that gets the plugin's path as its last argument. Its network messages
// cross its standard streams, one JSON object a line, as rpc-schema/README.md describes under "Check your host".

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { errorText } from "../../common/error-text.ts";
import type { StartHost } from "./scene.ts";

/** Longer than any host needs on a busy machine. */
const READY_MS = 30_000;

/** What a host writes. */
const lineSchema = z.object({
  ready: z.boolean().optional(),
  send: z
    .object({
      id: z.number(),
      peerId: z.string(),
      topic: z.string(),
      payload: z.record(z.string(), z.unknown()),
    })
    .optional(),
});

export function commandHost(program: string, args: readonly string[]): StartHost {
  return async (pluginPath, network) => {
    const child = spawn(program, [...args, pluginPath], { stdio: ["pipe", "pipe", "inherit"] });
    const ready = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      ready.reject(new Error(`the host did not write {"ready":true} within ${READY_MS} ms`));
      child.kill("SIGKILL");
    }, READY_MS);
    const exited = once(child, "exit");
    exited.catch((error: unknown) => ready.reject(new Error(`${program}: ${errorText(error)}`)));
    child.stdin.on("error", () => undefined); // A host that died. `ready` and `stop` report it.
    const write = (message: object) => void child.stdin.write(`${JSON.stringify(message)}\n`);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const message = parseLine(line);
      if (message === null) ready.reject(new Error(`the host wrote a wrong line: ${line.slice(0, 200)}`));
      if (message?.ready) ready.resolve();
      if (!message?.send) return;
      const { id, ...sent } = message.send;
      network.send(sent).then(
        () => write({ sent: id }),
        () => write({ failed: id }),
      );
    });
    void exited.then(
      () => ready.reject(new Error("the host ended before it was ready")),
      () => undefined,
    );
    await ready.promise.finally(() => clearTimeout(late));
    return {
      arrives: (message) => write({ arrives: message }),
      async stop() {
        write({ stop: true });
        const [status] = await exited;
        if (status !== 0) throw new Error(`the host exited with status ${status}`);
      },
      kill: () => void child.kill("SIGKILL"),
    };
  };
}

/** @returns null for a line that is not one of the suite's messages */
function parseLine(line: string): z.infer<typeof lineSchema> | null {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return null; // the caller names the line
  }
}
