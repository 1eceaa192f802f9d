// Makes a number of short calls and calls process.exit, as the plugin's main does. Most calls close while candidates are being
// gathered, every tenth after frames have arrived.

import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { connect, feed, negotiate, observePeer } from "../support/plugin/peer-pair.ts";

const CALLS = Number(process.argv[2]);
const engine = createWrtcEngine();

for (let call = 1; call <= CALLS; call++) {
  const caller = await observePeer(engine);
  const callee = await observePeer(engine);
  if (call % 10 === 0) {
    await connect(caller, callee);
    const feeding = feed(caller.peer, 90);
    await callee.waitUntil(() => callee.frames.length > 1);
    feeding.stop();
  } else {
    caller.sendCandidatesTo(callee.peer);
    callee.sendCandidatesTo(caller.peer);
    await negotiate(caller, callee);
  }
  caller.peer.close();
  callee.peer.close();
}
process.stdout.write(`made ${CALLS}\n`);
process.exit(0);
