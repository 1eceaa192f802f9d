// One signalling node as a process of its own, driven over stdio: options in the first argument, commands as JSON lines
// on stdin, what happens as JSON lines on stdout. It never calls process.exit: that it ends is part of the tests.

import { createInterface } from "node:readline";
import { createLibp2pSignalling } from "../../../plugin/signalling/libp2p-signalling.ts";

const options = JSON.parse(process.argv[2] ?? "{}");
const tell = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);

const signalling = createLibp2pSignalling(
  { peers: [], mdns: false, log: (level, message) => console.error(level, message), ...options },
  {
    onSignal: (from, callId, signal) => tell({ signal: { from, callId, signal } }),
    onContacts: (contacts) => tell({ contacts }),
    onAddressChange: () => undefined,
  },
);
tell({ self: await signalling.start() });
for await (const line of createInterface({ input: process.stdin })) {
  const { peerId, callId, signal } = JSON.parse(line);
  const failure = await signalling.send(peerId, callId, signal).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  tell({ sent: failure ?? "acknowledged" });
}
await signalling.close();
