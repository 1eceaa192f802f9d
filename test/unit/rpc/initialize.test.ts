// The host offers every version that it speaks, and falls back for a plugin that speaks version 1 only.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initializePlugin } from "../../../plugin/rpc/initialize.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import { PROTOCOL_VERSIONS, RpcError, settingsSchema } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

const COMMON = { host: { name: "a test" }, identity: { label: "somebody" } };
const plugin = { name: "fake", version: "0" };
const settings = settingsSchema.parse({});

/** @param answer what the plugin answers to the params of `initialize` */
function setUp(answer: (params: Record<string, unknown>) => { protocolVersion: number }) {
  const received: Record<string, unknown>[] = [];
  const { host, plugin: end } = linkInMemory({ log: () => undefined, onHostGone: () => undefined });
  const handlers = handlersWith({
    initialize(params) {
      received.push({ ...params });
      return { plugin, mode: "native", settings, ...answer({ ...params }) };
    },
  });
  end.serve(handlers, notificationsWith({}));
  return { host, received };
}

/** As a plugin of version 1 answers: it refuses unknown fields and needs its own version. */
function answerOfVersion1({ protocolVersion, ...params }: Record<string, unknown>) {
  const unknown = ["protocolVersions", "capabilities"].filter((name) => name in params);
  const wrong = protocolVersion === 1 ? unknown : ["protocolVersion", ...unknown];
  if (wrong.length > 0) {
    const issues = wrong.map((field) => ({ field, value: "", expected: "" }));
    throw new RpcError("invalidParams", "initialize", { issues });
  }
  return { protocolVersion: 1 };
}

describe("initializePlugin", () => {
  test("offers every version and the host's capabilities in one request", async () => {
    const { host, received } = setUp(() => ({ protocolVersion: 2 }));
    assert.equal((await initializePlugin(host, COMMON)).protocolVersion, 2);
    const [params, ...more] = received;
    assert.deepEqual(more, []);
    assert.deepEqual(params?.protocolVersions, PROTOCOL_VERSIONS);
    assert.deepEqual(params?.capabilities, ["carrier", "resume"]);
  });

  test("falls back once to version 1 for a plugin that refuses the new fields", async () => {
    const { host, received } = setUp(answerOfVersion1);
    assert.equal((await initializePlugin(host, COMMON)).protocolVersion, 1);
    assert.equal(received.length, 2);
    const { pageOrigins, ...params } = received[1] ?? {};
    assert.deepEqual([pageOrigins, params], [[], { protocolVersion: 1, ...COMMON }]);
  });

  test("passes on a refusal for another reason without a second request", async () => {
    const issues = [{ field: "settings.toneHz", value: "1", expected: "at least 50" }];
    const { host, received } = setUp(() => {
      throw new RpcError("invalidParams", "settings not changed", { issues });
    });
    await assert.rejects(initializePlugin(host, COMMON), { kind: "invalidParams", issues });
    assert.equal(received.length, 1);
  });
});
