// The independent host as a program, for the conformance suite: `program.ts <plugin's path>`. What its node would send and
// receive goes over its standard output and input as JSON lines; see command-host.ts.

import { createInterface } from "node:readline";
import { IndependentHost, type Message } from "./host.ts";

const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
const sending = new Map<number, PromiseWithResolvers<void>>();
let lastId = 0;

const host = new IndependentHost({
  selfId: "12D3KooWindependentHost1",
  plugin: [process.argv[2] ?? ""],
  send(message: Message) {
    const sent = Promise.withResolvers<void>();
    const id = ++lastId;
    sending.set(id, sent);
    say({ send: { id, ...message } });
    return sent.promise;
  },
});

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { arrives, sent, failed } = JSON.parse(line);
    if (arrives) host.arrives(arrives);
    if (sent) sending.get(sent)?.resolve();
    if (failed) sending.get(failed)?.reject(new Error("no such peer"));
    if (line === '{"stop":true}') void host.stop().then(() => process.exit(0));
  })
  .on("close", () => process.exit(1));

await host.start();
say({ ready: true });
