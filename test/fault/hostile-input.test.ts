// Invalid input from a host gets the error of JSON-RPC 2.0 or the contract, and the next valid request works. The tests run
// against the real process and its real descriptors.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { seededRandom } from "../support/process/seeded-random.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const MIB = 1024 * 1024;

const answerSchema = z.object({
  id: z.union([z.string(), z.number(), z.null()]),
  result: z.unknown().optional(),
  error: z
    .object({
      code: z.number(),
      message: z.string(),
      data: z.object({
        name: z.string(),
        issues: z.array(z.object({ field: z.string(), value: z.string(), expected: z.string() })).optional(),
      }),
    })
    .optional(),
});
type Answer = z.infer<typeof answerSchema>;

describe("the process with a misbehaving host", () => {
  let child: ChildProcess;
  let lines: AsyncIterator<string>;
  let goodId = 1_000_000;

  before(() => {
    child = spawn(process.execPath, [MAIN, "--log-level", "error"], { stdio: ["pipe", "pipe", "inherit"] });
    assert.ok(child.stdout);
    lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  });
  after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });

  const write = (bytes: string | Buffer) => child.stdin?.write(bytes);
  const request = (id: unknown, method: unknown, params?: unknown) =>
    write(`${JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) })}\n`);

  async function nextMessage(): Promise<unknown> {
    const { value, done } = await lines.next();
    assert.ok(!done, "the process closed its output");
    return JSON.parse(value);
  }

  /** The next answer. Notifications are skipped. */
  async function answer(): Promise<Answer> {
    for (;;) {
      const message = await nextMessage();
      if (typeof message === "object" && message !== null && "method" in message) continue;
      return answerSchema.parse(message);
    }
  }

  async function assertStillWorks(): Promise<void> {
    goodId += 1;
    request(goodId, "call.list");
    const { id, result, error } = await answer();
    assert.equal(id, goodId);
    assert.ok(result !== undefined || error?.data.name === "notInitialized");
  }

  async function refusal(): Promise<[unknown, number, string]> {
    const { id, error } = await answer();
    assert.ok(error, "expected an error");
    return [id, error.code, error.data.name];
  }

  test("a request before initialize is refused", async () => {
    request(1, "call.list");
    assert.deepEqual(await refusal(), [1, 1002, "notInitialized"]);
  });

  test("initialize with a wrong version names the expected version", async () => {
    request(2, "initialize", { protocolVersion: 99, host: { name: "h" }, identity: { label: "l" } });
    const { error } = await answer();
    assert.deepEqual([error?.code, error?.data.name], [1001, "unsupportedProtocolVersion"]);
    assert.deepEqual(error?.data.issues, [
      { field: "protocolVersion", value: "99", expected: "one of 1, 2" },
    ]);
  });

  test("initialize with wrong types names each field, and a valid one works afterwards", async () => {
    request(3, "initialize", { protocolVersion: "1", host: {}, identity: { label: 7 } });
    const { error } = await answer();
    assert.equal(error?.code, -32602);
    const fields = error?.data.issues?.map(({ field }) => field).sort();
    assert.deepEqual(fields, ["host.name", "identity.label", "protocolVersion"]);
    const settings = { signalling: { mdns: false, listen: ["/ip4/127.0.0.1/tcp/0"] }, iceServers: [] };
    request(4, "initialize", { protocolVersion: 1, host: { name: "h" }, identity: { label: "l" }, settings });
    assert.equal((await answer()).error, undefined);
    request(5, "initialize", { protocolVersion: 1, host: { name: "h" }, identity: { label: "l" } });
    assert.deepEqual(await refusal(), [5, 1003, "alreadyInitialized"]);
  });

  test("an unknown method is refused", async () => {
    request(6, "call.teleport", {});
    assert.deepEqual(await refusal(), [6, -32601, "methodNotFound"]);
    await assertStillWorks();
  });

  test("wrong types in params are refused by name", async () => {
    request(7, "call.start", { peerId: 5, media: "smell" });
    const { error } = await answer();
    assert.deepEqual(
      [error?.code, error?.data.issues?.map(({ field }) => field)],
      [-32602, ["peerId", "media"]],
    );
    request(8, "call.start", "video");
    assert.equal((await answer()).error?.code, -32600); // section 4.2: params is structured
    await assertStillWorks();
  });

  test("messages that are not requests are refused", async () => {
    for (const line of ["null", "5", '"call.list"', "{}", '{"jsonrpc":"1.0","id":9,"method":"call.list"}']) {
      write(`${line}\n`);
      assert.equal((await answer()).error?.code, -32600, line);
    }
    await assertStillWorks();
  });

  test("a line of 17 MiB is refused once, and the connection stays open", async () => {
    const block = Buffer.alloc(MIB, "a");
    for (let count = 0; count < 17; count += 1) write(block);
    write("\n");
    assert.deepEqual(await refusal(), [null, 1005, "lineTooLong"]);
    await assertStillWorks();
  });

  test("a line that arrives in two parts is one request", async () => {
    const line = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: "hälfte", method: "call.list" })}\n`);
    const insideUmlaut = line.indexOf(0xc3) + 1;
    write(line.subarray(0, insideUmlaut));
    await assertNoAnswer();
    write(line.subarray(insideUmlaut));
    assert.equal((await answer()).id, "hälfte");
  });

  test("binary noise is answered with parse errors only", async () => {
    const random = seededRandom(7);
    const noise = Buffer.from(Array.from({ length: 4096 }, () => random.below(256)));
    // The noise is not UTF-8; latin1 only serves to count its lines. The plugin skips empty lines.
    const noiseLines = noise
      .toString("latin1")
      .split("\n")
      .filter((line) => line !== "").length;
    write(noise);
    write("\n");
    for (let count = 0; count < noiseLines; count += 1) {
      const { id, error } = await answer();
      assert.deepEqual([id, error?.code], [null, -32700]);
    }
    await assertStillWorks();
  });

  test("a batch is answered in one line, without answers to its notifications", async () => {
    const ack = { jsonrpc: "2.0", method: "frames.ack", params: { stream: "none", seq: 0 } };
    const batch = [
      { jsonrpc: "2.0", id: "a", method: "call.list" },
      ack,
      { jsonrpc: "2.0", id: "b", method: "none.such" },
      7,
    ];
    write(`${JSON.stringify(batch)}\n`);
    const answers = z.array(answerSchema).parse(await nextMessage());
    assert.deepEqual(
      answers.map(({ id, error }) => [id, error?.code]),
      [
        ["a", undefined],
        ["b", -32601],
        [null, -32600],
      ],
    );
    write("[]\n");
    assert.equal((await answer()).error?.code, -32600);
    write(`${JSON.stringify([ack, ack])}\n`);
    await assertStillWorks();
  });

  test("a second request with the id of a pending one is refused, and the first is answered", async () => {
    const both = { jsonrpc: "2.0", id: "twice", method: "devices.list" };
    write(`${JSON.stringify(both)}\n${JSON.stringify(both)}\n`);
    const answers = [await answer(), await answer()];
    assert.deepEqual(answers.map(({ id, error }) => [id, error?.code ?? "answered"]).sort(), [
      ["twice", 1006],
      ["twice", "answered"],
    ]);
    await assertStillWorks();
  });

  async function assertNoAnswer(): Promise<void> {
    // The process would answer half a line before the next request.
    await new Promise((resolve) => child.stdin?.write("", resolve));
  }

  test("half a line at the end of input is dropped, and without a shutdown the process exits with status 1", async () => {
    const exited = once(child, "exit");
    child.stdin?.end('{"jsonrpc":"2.0","id":10,"method":"call.li');
    assert.deepEqual(await exited, [1, null]);
  });
});
