// Both ends of the plugin's requests against a hostile far end: wrong results, wrong ids, late and repeated answers, malformed
// requests.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { connectPlugin } from "../../plugin/rpc/host-link.ts";
import { readLines } from "../../plugin/rpc/line-reader.ts";
import { createPluginEnd } from "../../plugin/rpc/serve.ts";
import { handlersWith, notificationsWith } from "../support/fakes/handlers.ts";

const PARAMS = { peerId: "12D3KooWGoodPeerAbcdefgh", topic: "call:c1", payload: {} };

/** @returns a function that waits for the next line of the stream */
function readEach(stream: PassThrough): () => Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  readLines(stream, {
    onLine: (line) => {
      const next = waiting.shift();
      if (next) next(line.toString());
      else lines.push(line.toString());
    },
    onTooLong: () => assert.fail("a line over the limit"),
    onEnd: () => undefined,
  });
  return async () => {
    const ready = lines.shift();
    return JSON.parse(ready ?? (await new Promise<string>((resolve) => waiting.push(resolve))));
  };
}

/** A plugin's end; the test plays the host. */
function pluginAlone() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const logged: string[] = [];
  const log = (level: string, text: string) => void logged.push(`${level}: ${text}`);
  const end = createPluginEnd({ input, output, log, onHostGone: () => undefined });
  end.serve(handlersWith({ "call.list": () => ({ calls: [] }) }), notificationsWith({}));
  const next = readEach(output);
  const say = (message: unknown) => void input.write(`${JSON.stringify(message)}\n`);
  /** When this is answered, the plugin has read everything before it. */
  const settled = async () => {
    say({ jsonrpc: "2.0", id: "settled", method: "call.list" });
    assert.deepEqual(await next(), { jsonrpc: "2.0", id: "settled", result: { calls: [] } });
  };
  return { end, input, next, say, settled, logged };
}

/** A host's end; the test plays the plugin. */
function hostAlone() {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const logged: string[] = [];
  const link = connectPlugin(stdin, stdout, { log: (level, text) => void logged.push(`${level}: ${text}`) });
  const next = readEach(stdin);
  const say = (message: unknown) => void stdout.write(`${JSON.stringify(message)}\n`);
  return { link, next, say, stdout, logged };
}

describe("a plugin that sends a request", () => {
  const wrong: [string, object, string][] = [
    ["a result of the wrong type", { result: 5 }, "wrongResult"],
    ["neither result nor error", {}, "timeout"],
    ["an error that is a string", { error: "no" }, "wrongResult"],
    ["an error without a code", { error: { message: "no" } }, "wrongResult"],
    ["a result under another version", { jsonrpc: "1.0", result: "yes" }, "wrongResult"],
  ];
  for (const [what, answer, code] of wrong) {
    test(`rejects on ${what}`, async () => {
      const { end, next, say } = pluginAlone();
      const limit = code === "timeout" ? { timeoutMs: 20 } : {};
      const asked = assert.rejects(end.request("signal.send", PARAMS, limit), { code });
      const { id } = await next();
      say({ jsonrpc: "2.0", id, ...answer });
      await asked;
      end.close();
    });
  }

  test("ignores and logs answers with ids that it did not send", async () => {
    const { end, next, say, settled, logged } = pluginAlone();
    const asked = end.request("signal.send", PARAMS);
    const { id } = await next();
    for (const strange of [2, 0, -1, 1.5, "1", null, {}, [1], 1e300]) {
      say({ jsonrpc: "2.0", id: strange, result: null });
    }
    await settled();
    assert.equal(logged.filter((line) => line.includes("that was never sent")).length, 9);
    say({ jsonrpc: "2.0", id, result: null });
    assert.equal(await asked, null);
    end.close();
  });

  test("accepts the first of two answers, and none after the deadline", async () => {
    const { end, next, say, settled, logged } = pluginAlone();
    const first = end.request("signal.send", PARAMS);
    const { id } = await next();
    say([
      { jsonrpc: "2.0", id, result: null },
      { jsonrpc: "2.0", id, error: { code: 1402, message: "on second thoughts" } },
    ]);
    assert.equal(await first, null);
    const late = end.request("signal.send", PARAMS, { timeoutMs: 1 });
    const { id: lateId } = await next();
    await assert.rejects(late, { code: "timeout" });
    say({ jsonrpc: "2.0", id: lateId, result: null });
    await settled();
    assert.equal(logged.filter((line) => line.includes("given up or answered before")).length, 2);
    end.close();
  });

  test("gets `closed` when the host goes, also for later requests", async () => {
    const { end, input, next } = pluginAlone();
    const asked = end.request("signal.send", PARAMS);
    await next();
    input.end();
    await assert.rejects(asked, { code: "closed" });
    await assert.rejects(end.request("signal.send", PARAMS), { code: "closed" });
    end.close();
  });

  test("stops waiting when its caller aborts", async () => {
    const { end, next, settled } = pluginAlone();
    const abort = new AbortController();
    const asked = end.request("signal.send", PARAMS, { signal: abort.signal });
    await next();
    abort.abort();
    await assert.rejects(asked, { code: "aborted" });
    await settled();
    end.close();
  });
});

describe("a host that receives a request", () => {
  const refused: [string, object, number][] = [
    ["a method that does not exist", { id: 1, method: "signal.teleport" }, -32601],
    ["a method of the other direction", { id: 1, method: "call.list" }, -32601],
    ["no params", { id: 1, method: "signal.send" }, -32602],
    ["a malformed peer id", { id: 1, method: "signal.send", params: { ...PARAMS, peerId: "x" } }, -32602],
    [
      "a topic that is not of a call",
      { id: 1, method: "signal.send", params: { ...PARAMS, topic: "chat" } },
      -32602,
    ],
    ["a method that is a number", { id: 1, method: 7 }, -32600],
  ];
  for (const [what, request, code] of refused) {
    test(`refuses ${what}, and serves the next request`, async () => {
      const { link, next, say } = hostAlone();
      link.onRequest("signal.send", () => null);
      say({ jsonrpc: "2.0", ...request });
      const answer = await next();
      assert.deepEqual([answer.id, (answer.error as { code: number }).code], [1, code]);
      say({ jsonrpc: "2.0", id: 1, method: "signal.send", params: PARAMS });
      assert.deepEqual(await next(), { jsonrpc: "2.0", id: 1, result: null });
      link.close();
    });
  }

  test("answers the requests of a batch together, and one of two requests with the same id", async () => {
    const { link, next, say } = hostAlone();
    const held = Promise.withResolvers<null>();
    link.onRequest("signal.send", ({ topic }) => (topic === "call:held" ? held.promise : null));
    const asked = (id: number, topic: string) => ({
      jsonrpc: "2.0",
      id,
      method: "signal.send",
      params: { ...PARAMS, topic },
    });
    say(asked(1, "call:held"));
    say([asked(1, "call:b"), asked(2, "call:c"), { jsonrpc: "2.0", id: 99, result: null }]);
    const batch = (await next()) as unknown as { id: number; error?: { code: number } }[];
    assert.deepEqual(
      batch.map(({ id, error }) => [id, error?.code]),
      [
        [1, 1006],
        [2, undefined],
      ],
    );
    held.resolve(null);
    assert.deepEqual(await next(), { jsonrpc: "2.0", id: 1, result: null });
    link.close();
  });

  test("does not answer answers, logs noise, and serves the next request", async () => {
    const { link, next, say, stdout, logged } = hostAlone();
    link.onRequest("signal.send", () => null);
    stdout.write(Buffer.from([0xff, 0x00, 0x0a]));
    stdout.write("ALSA lib pcm.c: unknown PCM\n\n");
    for (const noise of [null, 5, "x", [], {}, { jsonrpc: "2.0", id: 7, result: null }]) say(noise);
    say({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "the line is not JSON" } });
    say({ jsonrpc: "2.0", id: "a", method: "signal.send", params: PARAMS });
    assert.deepEqual(await next(), { jsonrpc: "2.0", id: "a", result: null });
    assert.ok(logged.some((line) => line.startsWith("warn: the plugin answered a request")));
    assert.ok(logged.some((line) => line.startsWith("error: the plugin: the line is not JSON")));
    link.close();
  });
});
