// A host as somebody else writes it: only what the installed package exports. The compiler checks it, nothing runs it.
import { spawn } from "node:child_process";
import { methods } from "goop-call-plugin/contract";
import * as example from "goop-call-plugin/example-host";
import { connectPlugin, HostLinkError } from "goop-call-plugin/host-link";
import document from "goop-call-plugin/openrpc.json" with { type: "json" };
import manifest from "goop-call-plugin/plugin-manifest.json" with { type: "json" };

const { stdin, stdout } = spawn(manifest.start.program, manifest.start.args, {
  stdio: ["pipe", "pipe", "inherit"],
});
const link = connectPlugin(stdin, stdout);
link.onNotification("call.ended", ({ callId, reason }) => {
  const text: string = `${callId} ${reason}`;
  console.log(text);
});
link.onFrameLine((line: Buffer) => console.log(line.byteLength));

try {
  await link.request("call.start", { peerId: "12D3KooW", media: "video" });
  // @ts-expect-error: the contract has no such kind of call
  await link.request("call.start", { peerId: "12D3KooW", media: "smoke" });
  // @ts-expect-error: the contract has no such method
  await link.request("call.explode", {});
} catch (error) {
  if (error instanceof HostLinkError) console.log(error.code satisfies string);
}

console.log(Object.keys(example), document.info.version, Object.keys(methods));
