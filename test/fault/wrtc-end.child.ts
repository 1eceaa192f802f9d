// Makes one call with video and sound, and then ends as its argument says: exit-in-call, exit-after-close, or drain. With drain it
// only closes the call, and the process must run out of work.

import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { connect, feed, observePeer } from "../support/plugin/peer-pair.ts";

const mode = process.argv[2];
const engine = createWrtcEngine();
const caller = await observePeer(engine);
const callee = await observePeer(engine);
await connect(caller, callee);
const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
await callee.waitUntil(() => callee.frames.length > 3 && callee.blocks.length > 3);
await caller.waitUntil(() => caller.frames.length > 3);

if (mode === "exit-in-call") process.exit(0);
for (const each of feeds) each.stop();
caller.peer.close();
callee.peer.close();
if (mode === "exit-after-close") process.exit(0);

process.once("beforeExit", () => {
  process.stdout.write("nothing left to do\n");
  // An exit without process.exit crashes inside the engine.
  process.exit(0);
});
