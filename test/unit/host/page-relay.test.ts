// Which requests a page may send to the plugin through the host, and what it receives.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openSocket, type TestSocket } from "../../support/browser/page-socket.ts";
import {
  BOB,
  callWithBob,
  contact,
  type ScriptedHost,
  startScriptedHost,
} from "../../support/fakes/scripted-host.ts";

describe("a page over the host's socket", () => {
  let scripted: ScriptedHost;
  let page: TestSocket;
  beforeEach(async () => {
    scripted = await startScriptedHost();
    page = await openSocket(scripted.host);
  });
  afterEach(async () => {
    page.close();
    await scripted.host.stop();
  });

  const startCall = async (): Promise<string> => {
    const { callId } = callWithBob();
    scripted.script({ do: "call", call: callWithBob() });
    await page.notification("call.changed");
    return callId;
  };

  test("first receives the host's state: label, plugin, own address and settings", async () => {
    const state = await page.notification("host.state", ({ signalling }) => signalling !== undefined);
    assert.equal(state.label, "Alice Liddell");
    assert.deepEqual(state.plugin, { state: "ready" });
  });

  test("receives the plugin's answers and notifications", async () => {
    scripted.script({ do: "contacts", contacts: [contact(BOB, "Bob")] });
    const { contacts } = await page.notification("contacts.changed");
    assert.deepEqual(await page.request("contacts.list", {}), { contacts });
  });

  test("receives the plugin's errors unchanged", async () => {
    await assert.rejects(page.request("call.hangup", { callId: "unknown" }), {
      code: 1101,
      kind: "unknownCall",
    });
  });

  test("may neither start nor end the plugin, nor call an unknown method", async () => {
    for (const method of ["initialize", "shutdown", "exit", "signal.deliver", "constructor"]) {
      await assert.rejects(page.requestRaw(method), { code: -32601 }, method);
    }
    assert.deepEqual(await page.request("call.list", {}), { calls: [] });
  });

  test("receives an error for text that is not JSON or not a request, and can go on", async () => {
    page.sendRaw("{half a");
    assert.equal(await page.errorWithoutId(), -32700);
    page.sendRaw("[]");
    assert.equal(await page.errorWithoutId(), -32600);
    assert.deepEqual(await page.request("call.list", {}), { calls: [] });
  });

  test("receives the frames of its own streams and not those of another page", async () => {
    const other = await openSocket(scripted.host);
    try {
      const callId = await startCall();
      const mine = await page.request("frames.subscribe", { callId, source: "remote" });
      const theirs = await other.request("frames.subscribe", { callId, source: "local" });
      const [first, second] = await Promise.all([page.frame(), other.frame()]);
      assert.deepEqual([first.stream, second.stream], [mine.stream, theirs.stream]);
      assert.deepEqual([...page.streamsSeen()], [mine.stream]);
    } finally {
      other.close();
    }
  });

  test("receives no more frames than its credit until it acknowledges, and others cannot acknowledge for it", async () => {
    const other = await openSocket(scripted.host);
    try {
      const callId = await startCall();
      const { stream } = await page.request("frames.subscribe", { callId, source: "remote", credit: 1 });
      assert.equal((await page.frame()).seq, 1);
      other.notify("frames.ack", { stream, seq: 1 });
      // Another stream's second frame takes as long as this one's would have.
      const otherStream = await other.request("frames.subscribe", { callId, source: "remote", credit: 3 });
      while ((await other.frame()).seq < 3);
      assert.equal(page.framesWaiting(), 0);
      page.notify("frames.ack", { stream, seq: 1 });
      assert.equal((await page.frame()).seq, 2);
      assert.notEqual(otherStream.stream, stream);
    } finally {
      other.close();
    }
  });

  test("that closes has its streams ended by the host", async () => {
    const callId = await startCall();
    const { stream } = await page.request("frames.subscribe", { callId, source: "remote" });
    page.close();
    assert.match(await scripted.asked(/^frames\.unsubscribe/), new RegExp(`"${stream}"`));
  });

  test("receives chart entries only when it subscribes, and the last page that leaves ends the subscription", async () => {
    const other = await openSocket(scripted.host);
    let received = 0;
    void other.notification("charts.recorded").then(() => {
      received += 1;
    });
    await page.request("charts.subscribe", {});
    assert.deepEqual(await page.notification("charts.recorded"), { entries: [] });
    // Any notification to the other page would have arrived before this answer.
    await other.request("call.list", {});
    assert.equal(received, 0);
    await other.request("charts.subscribe", {});
    assert.deepEqual(await page.notification("charts.recorded"), { entries: [] });
    page.close();
    await other.request("call.list", {});
    scripted.forget();
    other.close();
    await scripted.asked(/^charts\.unsubscribe/);
  });

  test("sees the plugin die, gets a clear error meanwhile, and can start it again", async () => {
    scripted.script({ do: "die", words: "ouch", status: 4 });
    const dead = await page.notification("host.state", ({ plugin }) => plugin.state === "stopped");
    assert.deepEqual(dead.plugin, { state: "stopped", why: "it left with exit status 4", lastLine: "ouch" });
    await assert.rejects(page.request("call.list", {}), /the plugin is not running/);
    assert.equal(await page.requestRaw("host.restart"), null);
    assert.deepEqual(await page.request("call.list", {}), { calls: [] });
  });

  test("keeps changed settings over a restart of the plugin", async () => {
    await page.request("settings.update", { settings: { camera: "none" } });
    scripted.script({ do: "die", words: "", status: 1 });
    await page.notification("host.state", ({ plugin }) => plugin.state === "stopped");
    await page.requestRaw("host.restart");
    assert.equal(scripted.host.state.settings?.camera, "none");
  });
});
