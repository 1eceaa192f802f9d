// Makes calls with video, collects garbage after each, and prints the resident memory after each, in bytes. Needs --expose-gc.

import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { connect, feed, observePeer } from "../support/plugin/peer-pair.ts";

const CALLS = Number(process.argv[2]);
const engine = createWrtcEngine();
const resident: number[] = [];

for (let call = 0; call < CALLS; call++) {
  await makeCall();
  // Finalizers release the engine's objects. They run after a collection, in a turn of their own.
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  resident.push(process.memoryUsage.rss());
}
process.stdout.write(JSON.stringify(resident));
process.exit(0);

async function makeCall(): Promise<void> {
  const caller = await observePeer(engine);
  const callee = await observePeer(engine);
  await connect(caller, callee);
  const feeding = feed(caller.peer, 90);
  await callee.waitUntil(() => callee.frames.length > 1);
  feeding.stop();
  caller.peer.close();
  callee.peer.close();
}
