// A host in a process of its own, which a test can kill. It starts one plugin, accepts incoming calls, and prints JSON lines for
// the test.

import { startPlugin } from "./plugin-process.ts";

const plugin = await startPlugin({ label: "Host process" });
const print = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);

plugin.host.onNotification("call.incoming", ({ callId }) => {
  plugin.host.request("call.accept", { callId }).catch((error: unknown) => print({ error: String(error) }));
});
plugin.host.onNotification("call.changed", ({ phase }) => print({ phase }));
print({ pid: plugin.pid, peerId: plugin.peerId, address: plugin.address });
