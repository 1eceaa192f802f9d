// One signalling node as a process, controlled over stdio: options in the first argument, commands as JSON lines on stdin,
// events as JSON lines on stdout. It never calls process.exit, because the tests check that it ends by itself.

import { createInterface } from "node:readline";
import { createLibp2pSignalling } from "../../../plugin/signalling/libp2p-signalling.ts";

const options = JSON.parse(process.argv[2] ?? "{}");
const print = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);

const signalling = createLibp2pSignalling(
  { peers: [], mdns: false, log: (level, message) => console.error(level, message), ...options },
  {
    onSignal: (from, callId, signal) => print({ signal: { from, callId, signal } }),
    onContacts: (contacts) => print({ contacts }),
    onAddressChange: () => undefined,
  },
);
print({ self: await signalling.start() });
for await (const line of createInterface({ input: process.stdin })) {
  const { peerId, callId, signal } = JSON.parse(line);
  const failure = await signalling.send(peerId, callId, signal).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  print({ sent: failure ?? "acknowledged" });
}
await signalling.close();
