// The modules that a plugin's process loads. With host-relayed signalling it does not load libp2p.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectPlugin } from "../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION } from "../../rpc-schema/index.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const LOAD_LOG = new URL("../support/network/log-libp2p-loads.ts", import.meta.url).href;
const SELF = "12D3KooWTheHost1tse1f111";

/** @returns the modules of libp2p that were loaded until signalling was ready */
async function modulesLoaded(carrier: { selfId: string } | undefined): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", LOAD_LOG, MAIN], { stdio: ["pipe", "pipe", "pipe"] });
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

  test("does not load libp2p when the host relays the signals", async () => {
    assert.deepEqual(await modulesLoaded({ selfId: SELF }), []);
  });
});
