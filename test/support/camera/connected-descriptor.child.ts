// Takes a frame of the first camera over the connected descriptor 3, as a program does with the one that the desktop's portal
// gives it. Prints what it saw as JSON.

import { loadNative } from "../../../native/index.ts";
import { loadPipeWire } from "../../../native/pipewire.ts";

const DESCRIPTOR = 3;
const SIZE = { width: 640, height: 480, fps: 30 };

const native = loadNative();
// A connection alone does not keep a process alive.
const alive = setInterval(() => undefined, 1_000);
const listed = Promise.withResolvers<void>();
const ended = Promise.withResolvers<string>();
const session = loadPipeWire().connect({ fd: DESCRIPTOR }, () => {
  const { nodes, problem } = session.state();
  if (nodes.length > 0) listed.resolve();
  if (problem !== "") ended.resolve(problem);
});
await listed.promise;
const [node] = session.state().nodes;
if (node === undefined) throw new Error("no node");
const framed = Promise.withResolvers<boolean>();
const failed = Promise.withResolvers<string>();
const capture = await session.open({ nodeId: node.nodeId, path: "camera", isContinuous: true }, SIZE, {
  onFrame: (frame) => framed.resolve(native.readStamp(frame) !== null),
  onError: ({ errno }) => failed.resolve(errno),
});
const hasStamp = await framed.promise;
process.stdout.write(`${JSON.stringify({ name: node.name, hasStamp })}\n`);
// The daemon goes. Nothing connects again, because a descriptor is good for one connection.
const [errno, problem] = await Promise.all([failed.promise, ended.promise]);
await capture.close();
const refused = await session
  .open({ nodeId: node.nodeId, path: "camera", isContinuous: true }, SIZE, {
    onFrame: () => undefined,
    onError: () => undefined,
  })
  .catch((error: unknown) => Reflect.get(Object(error), "errno"));
await session.close();
clearInterval(alive);
process.stdout.write(`${JSON.stringify({ errno, problem, refused })}\n`);
