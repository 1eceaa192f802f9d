// The example host as a command for the conformance suite: `node example-host-command.ts PLUGIN`. The suite plays the
// network over the standard streams, as rpc-schema/README.md describes.

import { createInterface } from "node:readline";
import { ExampleHost, type Message } from "../../../plugin/host/example/host.ts";

const print = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
const pending = new Map<number, PromiseWithResolvers<void>>();
let lastId = 0;

const host = new ExampleHost({
  selfId: "12D3KooWConformanceHost1",
  plugin: [process.argv[2] ?? ""],
  send(message: Message) {
    const acknowledged = Promise.withResolvers<void>();
    const id = ++lastId;
    pending.set(id, acknowledged);
    print({ send: { id, ...message } });
    return acknowledged.promise;
  },
});

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { arrives, sent, failed, stop } = JSON.parse(line);
    if (arrives) host.receive(arrives);
    if (sent) pending.get(sent)?.resolve();
    if (failed) pending.get(failed)?.reject(new Error("no such peer"));
    if (stop) void host.stop().then(() => process.exit(0));
  })
  .on("close", () => process.exit(1));

await host.start();
print({ ready: true });
