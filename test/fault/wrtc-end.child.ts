// Makes one call with pictures and sound and then ends in the way that its argument names:
// exit-in-call, exit-after-close, or drain (only close: the process must run out of work by itself).

import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { connect, feed, observePeer } from "../support/plugin/peer-pair.ts";

const way = process.argv[2];
const engine = createWrtcEngine();
const caller = await observePeer(engine);
const callee = await observePeer(engine);
await connect(caller, callee);
const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
await callee.waitUntil(() => callee.frames.length > 3 && callee.blocks.length > 3);
await caller.waitUntil(() => caller.frames.length > 3);

if (way === "exit-in-call") process.exit(0);
for (const each of feeds) each.stop();
caller.peer.close();
callee.peer.close();
if (way === "exit-after-close") process.exit(0);

process.once("beforeExit", () => {
  process.stdout.write("nothing left to do\n");
  // A natural end crashes inside the engine.
  process.exit(0);
});
