// Uses up its descriptors, tries to start a program, the sound process, a worker and a server, and prints what they answer.
// test/unit/common/child-process.test.ts checks it.

import { closeSync, openSync } from "node:fs";
import { startProgram } from "../../../plugin/common/child-process.ts";
import { errnoOf, failureText } from "../../../plugin/common/system-failure.ts";
import { createFrameServer } from "../../../plugin/frames/frame-server.ts";
import { PngEncoder } from "../../../plugin/frames/png-encoder.ts";
import { SoundChild } from "../../../plugin/sound/process/sound-child.ts";

function takeAllDescriptors(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync("/dev/null", "r"));
    } catch {
      return taken;
    }
  }
}

const textOf = (work: Promise<unknown>) => work.then(() => "it worked", failureText);

// Loaded before, because importing needs a descriptor.
const { loadNative } = await import("../../../native/index.ts");
const native = loadNative();
const taken = takeAllDescriptors();

const program = await new Promise<string>((resolve) => {
  startProgram("/bin/true", [], { stdio: "pipe" }, (error) => resolve(failureText(error)));
});
const events = { onBlock: () => undefined, onHeartbeat: () => undefined, onExit: () => undefined };
const child = new SoundChild({ log: () => undefined }, events);
const sound = await child.list().then(
  () => "it worked",
  (error: Error) => error.message,
);
await child.kill();
const encoder = new PngEncoder(async () => new Uint8Array(16));
const png = await encoder.encode({ data: new Uint8Array(6), width: 2, height: 2 }).then(
  () => "it worked",
  (error: Error) => error.message,
);
await encoder.close();
const server = createFrameServer(
  () => [],
  () => native.openResettingListener(),
);
const add = () =>
  server.add("s1", "websocket", () => ({ onAcknowledge: () => undefined, onGone: () => undefined }));
const refusal = await add().then(() => "it worked", errnoOf);
for (const descriptor of taken) closeSync(descriptor);
const page = `${refusal}, then ${(await textOf(add())) === "it worked" ? "served" : "refused"}`;
await server.close();

process.stdout.write(`${JSON.stringify({ program, sound, png, page })}\n`);
