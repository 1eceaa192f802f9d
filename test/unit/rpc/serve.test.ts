// The plugin's end: when the host counts as gone, what is flushed, and how the output is opened.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { openWritable } from "../../../plugin/rpc/open-writable.ts";
import { createPluginEnd } from "../../../plugin/rpc/serve.ts";
import { settingsSchema } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

function setUp() {
  const input = new PassThrough();
  const output = new PassThrough();
  const logged: string[] = [];
  const gone: string[] = [];
  const plugin = createPluginEnd({
    input,
    output,
    log: (level, message) => logged.push(`${level}: ${message}`),
    onHostGone: (why) => gone.push(why),
  });
  const serve = () =>
    plugin.serve(handlersWith({ "contacts.list": () => ({ contacts: [] }) }), notificationsWith({}));
  return { input, output, logged, gone, plugin, serve };
}

const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"contacts.list"}\n';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"contacts":[]}}\n';

describe("the plugin's end", () => {
  test("a whole line is answered, an incomplete last line is dropped and logged, and the host is gone", async () => {
    const { input, output, logged, gone, serve } = setUp();
    serve();
    input.end(`${REQUEST}{"jsonrpc":`);
    const [answer] = await once(output, "data");
    assert.equal(answer.toString(), ANSWER);
    await once(input, "close");
    assert.deepEqual(gone, ["the host closed its end"]);
    assert.match(logged.join("\n"), /warn: .*11 bytes dropped/);
  });

  test("lines that arrive before `serve` are not lost", async () => {
    const { input, output, serve } = setUp();
    input.write(REQUEST);
    serve();
    assert.equal((await once(output, "data")).toString(), ANSWER);
  });

  for (const [protocolVersion, states] of [
    [1, ["starting"]],
    [2, ["starting", "stopped"]],
  ] as const) {
    test(`a host of version ${protocolVersion} gets the states of signalling that it knows`, async () => {
      const { input, output, plugin } = setUp();
      const lines = createInterface(output)[Symbol.asyncIterator]();
      const settings = settingsSchema.parse({});
      const result = {
        protocolVersion,
        plugin: { name: "", version: "" },
        mode: "native" as const,
        settings,
      };
      plugin.serve(handlersWith({ initialize: () => result }), notificationsWith({}));
      input.write(
        `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion, host: { name: "" }, identity: { label: "" } } })}\n`,
      );
      assert.equal(JSON.parse((await lines.next()).value ?? "").id, 1);
      for (const state of ["starting", "stopped"] as const) {
        plugin.notify("signalling.changed", { state, addresses: [] });
      }
      assert.ok(await plugin.flush(10_000));
      plugin.close();
      const received: unknown[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines })
        received.push(JSON.parse(line).params.state);
      assert.deepEqual(received, states);
    });
  }

  test("a 17 MiB line is reported once, and the next request is answered", async () => {
    const { input, output, serve } = setUp();
    serve();
    input.write(Buffer.alloc(17 * 1024 * 1024, "x"));
    input.write(`\n${REQUEST}`);
    const answers = createInterface(output)[Symbol.asyncIterator]();
    assert.equal(JSON.parse((await answers.next()).value ?? "").error.data.name, "lineTooLong");
    assert.equal((await answers.next()).value, ANSWER.trim());
  });

  test("an output that breaks and an input that ends are reported once together", async () => {
    const { input, output, gone, serve } = setUp();
    serve();
    output.destroy(new Error("write EPIPE"));
    await new Promise((resolve) => output.once("close", resolve));
    input.end();
    await once(input, "close");
    assert.equal(gone.length, 1);
    assert.match(gone[0] ?? "", /EPIPE/);
  });

  test("a notification that does not fit our own schema is logged and not sent", async () => {
    const { output, logged, plugin } = setUp();
    plugin.notify("contacts.changed", JSON.parse('{"contacts":7}'));
    plugin.notify("contacts.changed", { contacts: [] });
    const [line] = await once(output, "data");
    assert.deepEqual(JSON.parse(line).params, { contacts: [] });
    assert.match(logged.join("\n"), /contacts\.changed not sent: contacts is 7, expected an array/);
  });

  test("lines that were sent before close are flushed, and closing is not reported as a loss", async () => {
    const { output, gone, plugin } = setUp();
    plugin.notify("contacts.changed", { contacts: [] });
    assert.equal(await plugin.flush(1000), true);
    plugin.close();
    await once(output.resume(), "close");
    assert.deepEqual(gone, []);
  });
});

describe("opening the output", () => {
  test("a file takes the lines in order", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rpc-"));
    try {
      const path = join(folder, "out");
      const output = openWritable(openSync(path, "w"));
      output.write("a\n");
      output.end("b\n");
      await once(output, "close");
      assert.equal(readFileSync(path, "utf8"), "a\nb\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a descriptor that is not open is refused at once", () => {
    assert.throws(() => openWritable(1_000_000), /EBADF/);
  });
});
