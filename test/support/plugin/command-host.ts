// Runs a host in any language for the conformance suite: a command that gets the plugin's path as its last argument. Its network
// messages cross its standard streams, one JSON object a line:
//   host → suite  {"ready":true} after `initialized`, {"send":{"id":1,"peerId","topic","payload"}}
//   suite → host  {"sent":1} or {"failed":1}, {"arrives":{"peerId","topic","payload"}}, {"stop":true}, after which it exits with status 0

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { StartHost } from "../../contract/host-conformance.contract.ts";

export function commandHost(program: string, args: readonly string[]): StartHost {
  return async (pluginPath, network) => {
    const child = spawn(program, [...args, pluginPath], { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const ready = Promise.withResolvers<void>();
    child.stdin.on("error", () => undefined); // A host that died. `ready` and `stop` report it.
    const write = (message: object) => void child.stdin.write(`${JSON.stringify(message)}\n`);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const message = JSON.parse(line);
      if (message.ready) ready.resolve();
      if (!message.send) return;
      const { id, ...sent } = message.send;
      network.send(sent).then(
        () => write({ sent: id }),
        () => write({ failed: id }),
      );
    });
    void exited.then(() => ready.reject(new Error("the host ended before it was ready")));
    await ready.promise;
    return {
      arrives: (message) => write({ arrives: message }),
      async stop() {
        write({ stop: true });
        const [status] = await exited;
        if (status !== 0) throw new Error(`the host exited with status ${status}`);
      },
    };
  };
}
