// A host in a process of its own, which a test can kill as a crash would. It starts one plugin, prints what a test
// needs to know as JSON lines, accepts what comes in, and calls whom its first argument names.

import { startPlugin } from "./plugin-process.ts";

const plugin = await startPlugin({ label: "Host process" });
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);

plugin.host.onNotification("call.incoming", ({ callId }) => {
  plugin.host.request("call.accept", { callId }).catch((error: unknown) => say({ error: String(error) }));
});
plugin.host.onNotification("call.changed", ({ phase }) => say({ phase }));
say({ pid: plugin.pid, peerId: plugin.peerId, address: plugin.address });
