// What a plugin's process loads: no libp2p where its host carries the signals.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectPlugin } from "../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION } from "../../rpc-schema/index.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const WATCH = new URL("../support/network/log-libp2p-loads.ts", import.meta.url).href;
const SELF = "12D3KooWTheHost1tse1f111";

/** @returns the modules of libp2p that were loaded until signalling was ready and a message was refused */
async function modulesLoaded(carrier: { selfId: string } | undefined): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", WATCH, MAIN], { stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const host = connectPlugin(child.stdin, child.stdout);
  try {
    const ready = new Promise<void>((resolve) =>
      host.onNotification("signalling.changed", ({ state }) => {
        if (state !== "starting") resolve();
      }),
    );
    await host.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      host: { name: "test" },
      identity: { label: "Alice" },
      ...(carrier ? { carrier } : {}),
      settings: { signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false } },
    });
    host.notify("initialized", {});
    await ready;
    await host.request("shutdown", {});
    host.notify("exit", {});
    await exited;
  } finally {
    child.kill("SIGKILL");
  }
  return log.split("\n").filter((line) => line.startsWith("loaded "));
}

describe("a plugin's process", { timeout: 60_000 }, () => {
  test("loads libp2p for a node of its own", async () => {
    assert.ok((await modulesLoaded(undefined)).length > 10);
  });

  test("loads no libp2p where the host carries the signals", async () => {
    assert.deepEqual(await modulesLoaded({ selfId: SELF }), []);
  });
});
