// Each bad message gets the right JSON-RPC error, and the next good message works.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDispatcher, type Handlers, MAX_BATCH } from "../../../plugin/rpc/dispatcher.ts";
import { MAX_LINE_BYTES } from "../../../plugin/rpc/line-reader.ts";
import { LineTooLongError } from "../../../plugin/rpc/stdio-link.ts";
import { errorDataSchema, RpcError } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";

const PEER = "12D3KooWGoodPeerAbcdefgh";

function setUp(some: Partial<Handlers> = {}) {
  const sent: string[] = [];
  const logged: string[] = [];
  const loggedData: object[] = [];
  const called: unknown[] = [];
  const acknowledged: unknown[] = [];
  const dispatcher = createDispatcher({
    handlers: handlersWith({
      "call.start": (params) => {
        called.push(params);
        return { callId: "c1" };
      },
      "call.hangup": (params) => {
        called.push(params);
        return null;
      },
      "call.list": () => ({ calls: [] }),
      ...some,
    }),
    notificationHandlers: notificationsWith({ "frames.ack": (params) => void acknowledged.push(params) }),
    send(line) {
      if (line.length > MAX_LINE_BYTES) throw new LineTooLongError(line.length);
      sent.push(line);
    },
    log(level, message, data) {
      logged.push(`${level}: ${message}`);
      if (data) loggedData.push(data);
    },
  });
  const receive = async (message: unknown) => {
    dispatcher.receive(Buffer.isBuffer(message) ? message : Buffer.from(toText(message)));
    await new Promise(setImmediate);
  };
  const answers = () => sent.splice(0).map((line) => JSON.parse(line));
  return { dispatcher, sent, logged, loggedData, called, acknowledged, receive, answers };
}

const toText = (message: unknown) => (typeof message === "string" ? message : JSON.stringify(message));
const request = (id: unknown, method: string, params?: unknown) => ({ jsonrpc: "2.0", id, method, params });

type SetUp = ReturnType<typeof setUp>;

/** Expects one error with this code, id and name, and an answer to the next good request. */
async function expectError({ receive, answers }: SetUp, code: number, id: unknown, name: string) {
  const [answer, ...more] = answers();
  assert.deepEqual(more, []);
  assert.equal(answer.jsonrpc, "2.0");
  assert.equal(answer.error.code, code);
  assert.equal(answer.id, id);
  assert.equal(errorDataSchema.parse(answer.error.data).name, name);
  await receive(request("next", "call.list"));
  assert.deepEqual(answers(), [{ jsonrpc: "2.0", id: "next", result: { calls: [] } }]);
  return answer.error;
}

describe("dispatcher: one message", () => {
  test("a request is answered with its handler's result", async () => {
    const { receive, answers, called } = setUp();
    await receive(request(1, "call.start", { peerId: PEER, media: "video" }));
    assert.deepEqual(answers(), [{ jsonrpc: "2.0", id: 1, result: { callId: "c1" } }]);
    assert.deepEqual(called, [{ peerId: PEER, media: "video" }]);
  });

  for (const id of ["a", "", 0, -1, 2 ** 53 - 1, 1 - 2 ** 53]) {
    test(`an id of ${JSON.stringify(id)} is returned unchanged`, async () => {
      const { receive, answers } = setUp();
      await receive(request(id, "call.list"));
      assert.deepEqual(answers(), [{ jsonrpc: "2.0", id, result: { calls: [] } }]);
    });
  }

  for (const line of [
    "{",
    "nonsense",
    '{"jsonrpc":"2.0","id":1',
    "\u0000",
    Buffer.from([0xff, 0xfe, 0x00]),
  ]) {
    test(`${JSON.stringify(line.toString())} is a parse error with id null`, async () => {
      const set = setUp();
      await set.receive(line);
      await expectError(set, -32700, null, "parseError");
    });
  }

  test("an empty line is not a message", async () => {
    const { receive, sent } = setUp();
    await receive("\r");
    await receive("");
    assert.deepEqual(sent, []);
  });

  const invalid: [string, unknown, unknown][] = [
    ["a number", 5, null],
    ["null", "null", null],
    ["a string", '"call.list"', null],
    ["no version", { id: 1, method: "call.list" }, 1],
    ["another version", { ...request(1, "call.list"), jsonrpc: "1.0" }, 1],
    ["no method", { jsonrpc: "2.0", id: 1 }, 1],
    ["a method that is not a string", { jsonrpc: "2.0", method: 1, params: "bar" }, null],
    ["params that are neither object nor array", request(1, "call.list", "bar"), 1],
    ["null params", request(1, "call.list", null), 1],
    ["an id that is an object", request({}, "call.list"), null],
    ["an id that is a boolean", request(true, "call.list"), null],
    ["an id that is null", request(null, "call.list"), null],
    ["an id that is not whole", request(1.5, "call.list"), null],
    [
      "an id that a double would round",
      '{"jsonrpc":"2.0","id":1152921504606846977,"method":"call.list"}',
      null,
    ],
    ["an id of 2^53", request(2 ** 53, "call.list"), null],
    ["an id that JSON cannot represent", '{"jsonrpc":"2.0","id":1e999,"method":"call.list"}', null],
  ];
  for (const [what, message, id] of invalid) {
    test(`${what} is an invalid request`, async () => {
      const set = setUp();
      await set.receive(message);
      await expectError(set, -32600, id, "invalidRequest");
    });
  }

  for (const method of ["call.nothing", "__proto__", "constructor", "rpc.discover", ""]) {
    test(`the method ${JSON.stringify(method)} is not found, and the error names it`, async () => {
      const set = setUp();
      await set.receive(request(1, method));
      const error = await expectError(set, -32601, 1, "methodNotFound");
      assert.deepEqual(error.data.issues[0].value, JSON.stringify(method));
    });
  }

  test("a notification with an id is not found, and the error explains how to send it", async () => {
    const set = setUp();
    await set.receive(request(1, "frames.ack", { stream: "s1", seq: 1 }));
    const error = await expectError(set, -32601, 1, "methodNotFound");
    assert.equal(error.message, "frames.ack is a notification, expected a message without an id");
    assert.match(error.data.issues[0].expected, /without an id/);
    assert.deepEqual(set.acknowledged, []);
  });

  const wrongParams: [unknown, { field: string; value: string; expected: string }][] = [
    [undefined, { field: "peerId", value: "nothing", expected: "a string" }],
    [
      { peerId: 7, media: "video" },
      { field: "peerId", value: "7", expected: "a string" },
    ],
    [
      { peerId: PEER, media: "smell" },
      { field: "media", value: '"smell"', expected: 'one of "audio", "video"' },
    ],
    [[PEER, "audio"], { field: "(whole)", value: `["${PEER}","audio"]`, expected: "an object" }],
  ];
  for (const [params, issue] of wrongParams) {
    test(`the refusal of params ${JSON.stringify(params)} names ${issue.field}, its value and what was expected`, async () => {
      const set = setUp();
      await set.receive(request(1, "call.start", params));
      const error = await expectError(set, -32602, 1, "invalidParams");
      assert.deepEqual(error.data.issues[0], issue);
      assert.deepEqual(set.called, []);
    });
  }

  test("an RpcError of a handler keeps its code, message and issues", async () => {
    const issues = [{ field: "peerId", value: '"x"', expected: "another peer" }];
    const set = setUp({
      "call.start": () => Promise.reject(new RpcError("invalidPeer", "that is you", { issues })),
    });
    await set.receive(request(1, "call.start", { peerId: PEER, media: "audio" }));
    const error = await expectError(set, 1104, 1, "invalidPeer");
    assert.deepEqual(error, { code: 1104, message: "that is you", data: { name: "invalidPeer", issues } });
  });

  test("any other error becomes an internal error, and only the log gets its details", async () => {
    const set = setUp({
      "call.start": () => {
        throw new TypeError("secret /home/me");
      },
    });
    await set.receive(request(1, "call.start", { peerId: PEER, media: "audio" }));
    const error = await expectError(set, -32603, 1, "internalError");
    assert.doesNotMatch(JSON.stringify(error), /secret|rpc-dispatcher/);
    assert.match(set.logged.join("\n"), /error: .*secret \/home\/me/);
  });

  test("a result that does not fit our own schema is an internal error and is logged", async () => {
    const set = setUp({ "call.start": () => JSON.parse('{"callId":""}') });
    await set.receive(request(1, "call.start", { peerId: PEER, media: "audio" }));
    await expectError(set, -32603, 1, "internalError");
    assert.match(set.logged.join("\n"), /call.start returned a wrong result: callId is ""/);
  });

  test("a line over the limit is refused with the id null", async () => {
    const set = setUp();
    set.dispatcher.refuseLongLine(MAX_LINE_BYTES);
    await expectError(set, 1005, null, "lineTooLong");
  });

  test("an answer over the limit is replaced by an error", async () => {
    const set = setUp({
      "call.snapshot": () => ({ width: 1, height: 1, dataUrl: "x".repeat(MAX_LINE_BYTES) }),
    });
    await set.receive(request(1, "call.snapshot", { callId: "c", source: "local" }));
    await expectError(set, 1005, 1, "lineTooLong");
  });
});

describe("dispatcher: notifications, ids and answers", () => {
  test("a notification reaches its handler and is not answered", async () => {
    const { receive, sent, acknowledged } = setUp();
    await receive({ jsonrpc: "2.0", method: "frames.ack", params: { stream: "s1", seq: 3 } });
    assert.deepEqual(acknowledged, [{ stream: "s1", seq: 3 }]);
    assert.deepEqual(sent, []);
  });

  test("unknown and wrong notifications are logged and not answered", async () => {
    const { receive, sent, logged, acknowledged } = setUp();
    await receive({ jsonrpc: "2.0", method: "future.thing" });
    await receive({ jsonrpc: "2.0", method: "frames.ack", params: { stream: 5 } });
    assert.deepEqual(sent, []);
    assert.deepEqual(acknowledged, []);
    assert.match(logged.join("\n"), /future\.thing.*\n.*frames\.ack: stream is 5, expected a string/);
  });

  test("a wrong notification is a warning in the log, which names every wrong field", async () => {
    const { receive, logged, loggedData } = setUp();
    const contacts = [{ peerId: PEER, label: "Bob", reachable: true, videoDisabled: false }];
    await receive({ jsonrpc: "2.0", method: "contacts.set", params: { contacts } });
    assert.match(
      logged.join("\n"),
      /^warn: .*contacts\.set: contacts\.0\.addresses is nothing, expected an array$/,
    );
    const issue = { field: "contacts.0.addresses", value: "nothing", expected: "an array" };
    assert.deepEqual(loggedData, [{ name: "invalidParams", issues: [issue] }]);
  });

  test("a method without an id is run and not answered", async () => {
    const { receive, sent, called } = setUp();
    await receive({ jsonrpc: "2.0", method: "call.hangup", params: { callId: "c1" } });
    assert.deepEqual(called, [{ callId: "c1" }]);
    assert.deepEqual(sent, []);
  });

  test("an id with an open answer is refused, and can be used again afterwards", async () => {
    const first = Promise.withResolvers<null>();
    const { receive, answers } = setUp({ "call.accept": () => first.promise });
    await receive(request(1, "call.accept", { callId: "c1" }));
    await receive(request(1, "call.list"));
    const [refused] = answers();
    assert.deepEqual([refused.id, refused.error.code, refused.error.data.name], [1, 1006, "duplicateId"]);
    await receive(request("1", "call.list"));
    assert.equal(answers()[0].id, "1", "the string is another id than the number");
    first.resolve(null);
    await new Promise(setImmediate);
    assert.deepEqual(answers(), [{ jsonrpc: "2.0", id: 1, result: null }]);
    await receive(request(1, "call.list"));
    assert.deepEqual(answers(), [{ jsonrpc: "2.0", id: 1, result: { calls: [] } }]);
  });

  test("handlers start in the order of the requests, and a slow handler delays no other", async () => {
    const slow = Promise.withResolvers<null>();
    const { receive, answers, called } = setUp({ "call.accept": () => slow.promise });
    await receive(request(1, "call.accept", { callId: "c1" }));
    await receive(request(2, "call.hangup", { callId: "c2" }));
    assert.deepEqual(called, [{ callId: "c2" }]);
    assert.deepEqual(
      answers().map(({ id }) => id),
      [2],
    );
    slow.resolve(null);
    await new Promise(setImmediate);
    assert.deepEqual(
      answers().map(({ id }) => id),
      [1],
    );
  });

  test("an answer without a request is not answered, so that two ends cannot loop", async () => {
    const { receive, sent } = setUp();
    await receive({ jsonrpc: "2.0", id: 1, result: 5 });
    await receive({ jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } });
    assert.deepEqual(sent, []);
  });
});

describe("dispatcher: batches", () => {
  test("one list answers a batch in its order, without the notifications", async () => {
    const { receive, answers, acknowledged } = setUp();
    await receive([
      request(2, "call.list"),
      { jsonrpc: "2.0", method: "frames.ack", params: { stream: "s", seq: 1 } },
      request(1, "call.hangup", { callId: "c" }),
      1,
      request(3, "nothing"),
    ]);
    const [list] = answers();
    assert.deepEqual(
      list.map(({ id, error }: { id: unknown; error?: { code: number } }) => [id, error?.code]),
      [
        [2, undefined],
        [1, undefined],
        [null, -32600],
        [3, -32601],
      ],
    );
    assert.equal(acknowledged.length, 1);
  });

  test("a list of one answers a batch of one request", async () => {
    const { receive, answers } = setUp();
    await receive([request(1, "call.list")]);
    assert.deepEqual(answers(), [[{ jsonrpc: "2.0", id: 1, result: { calls: [] } }]]);
  });

  test("a batch of notifications has no answer", async () => {
    const { receive, sent, acknowledged } = setUp();
    const ack = { jsonrpc: "2.0", method: "frames.ack", params: { stream: "s", seq: 1 } };
    await receive([ack, ack]);
    assert.equal(acknowledged.length, 2);
    assert.deepEqual(sent, []);
  });

  test("an id that occurs twice in a batch is answered once and refused once", async () => {
    const { receive, answers } = setUp();
    await receive([request(1, "call.list"), request(1, "call.list")]);
    const [[first, second]] = answers();
    assert.deepEqual(first.result, { calls: [] });
    assert.equal(second.error.code, 1006);
  });

  for (const size of [0, MAX_BATCH + 1]) {
    test(`a batch of ${size} messages is one invalid request and runs nothing`, async () => {
      const set = setUp();
      await set.receive(Array.from({ length: size }, (_, id) => request(id, "call.hangup", { callId: "c" })));
      await expectError(set, -32600, null, "invalidRequest");
      assert.deepEqual(set.called, []);
    });
  }
});

describe("dispatcher: noise", () => {
  test("a damaged request gets one answer at most, which is an error or a result", async () => {
    const random = seededRandom(11);
    const { receive, sent } = setUp();
    const good = JSON.stringify(request(1, "call.start", { peerId: PEER, media: "audio" }));
    for (let count = 0; count < 2000; count += 1) {
      const bytes = Buffer.from(good);
      for (let damage = 0; damage <= random.below(4); damage += 1) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      await receive(bytes);
      assert.ok(sent.length <= 1);
      for (const line of sent.splice(0)) {
        const answer = JSON.parse(line);
        assert.equal(answer.jsonrpc, "2.0");
        assert.ok("result" in answer !== "error" in answer);
      }
    }
  });

  test("params with a nesting of a hundred thousand levels are refused like any others", async () => {
    const set = setUp();
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    await set.receive(`{"jsonrpc":"2.0","id":1,"method":"call.start","params":{"peerId":${deep}}}`);
    await expectError(set, -32602, 1, "invalidParams");
  });

  test("the refusal of a hundred thousand wrong settings names a few of them", async () => {
    const set = setUp();
    const settings = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`field${index}`, index]),
    );
    await set.receive(request(1, "settings.update", { settings }));
    const error = await expectError(set, -32602, 1, "invalidParams");
    assert.equal(error.data.issues.length, 20);
  });

  test("a request with a hundred thousand unknown fields is served, and a few fields are logged", async () => {
    const { receive, answers, logged } = setUp();
    const params = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`field${index}`, index]),
    );
    await receive(request(1, "call.list", params));
    assert.deepEqual(answers(), [{ jsonrpc: "2.0", id: 1, result: { calls: [] } }]);
    assert.equal(logged.length, 20);
  });
});
