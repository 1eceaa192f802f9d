// The host offers every version that it speaks, and falls back for a plugin that speaks version 1 only.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { statisticsOf } from "../../../plugin/calls/call-statistics.ts";
import { NO_STATISTICS } from "../../../plugin/peer/statistics.ts";
import { initializePlugin } from "../../../plugin/rpc/initialize.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import {
  type CallInfo,
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  RpcError,
  settingsSchema,
} from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";
import { NO_FRAMES, NO_MEDIA } from "../../support/plugin/call-bench.ts";

const COMMON = { host: { name: "a test" }, identity: { label: "somebody" } };
const plugin = { name: "fake", version: "0" };
const settings = settingsSchema.parse({});

/** @param answer what the plugin answers to the params of `initialize` */
function setUp(answer: (params: Record<string, unknown>) => { protocolVersion: ProtocolVersion }) {
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
  return { protocolVersion: 1 } as const;
}

describe("initializePlugin", () => {
  test("offers every version and the host's capabilities in one request", async () => {
    const { host, received } = setUp(() => ({ protocolVersion: 2 }));
    assert.equal((await initializePlugin(host, COMMON)).protocolVersion, 2);
    const [params, ...more] = received;
    assert.deepEqual(more, []);
    assert.deepEqual(params?.protocolVersions, PROTOCOL_VERSIONS);
    assert.deepEqual(params?.capabilities, ["carrier", "contactChanges", "resume"]);
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

describe("a plugin that agreed on version", () => {
  const off = { state: "off" } as const;
  const level = { mediaLevel: "voiceOnly", mediaLevelReason: "no camera" } as const;
  const former = { rung: "voiceOnly", rungWhy: "no camera" } as const;
  const call: CallInfo = {
    callId: "c1",
    peerId: "12D3KooWGoodPeerAbcdefgh",
    peerLabel: "",
    direction: "outgoing",
    media: "audio",
    phase: "requesting",
    createdAt: 1,
    local: { microphone: off, camera: off, speaker: off, ...level, ...former },
    remote: { microphone: "unknown", camera: "unknown" },
    sending: { step: "full", width: 0, height: 0, fps: 0 },
    showing: { step: "full" },
    quality: "unknown",
  };
  const devices = { microphone: off, camera: off, speaker: off };
  const statistics = statisticsOf(
    {
      ...{ callId: "c1", at: 1, measuredMs: 1, peer: NO_STATISTICS, captureToSendMs: null, pictureHoldMs: 0 },
      media: { ...NO_MEDIA, captureFaulty: 3, placeholders: 7 },
      ...{ remoteFrames: NO_FRAMES, localFrames: NO_FRAMES },
    },
    null,
  );
  for (const [version, local, newCounts] of [
    [1, { ...devices, ...former }, [undefined, undefined]],
    [2, { ...devices, ...level, ...former }, [7, 3]],
  ] as const) {
    test(`${version} writes the fields and names of that version`, async () => {
      const {
        plugin: end,
        hostToPlugin,
        pluginToHost,
      } = linkInMemory({
        log: () => undefined,
        onHostGone: () => undefined,
      });
      end.serve(
        handlersWith({
          initialize: () => ({ protocolVersion: version, plugin, mode: "native", settings }),
          "call.list": () => ({ calls: [call] }),
        }),
        notificationsWith({
          initialized() {
            end.notify("call.changed", call);
            end.notify("call.statistics", statistics);
          },
        }),
      );
      const lines = createInterface(pluginToHost)[Symbol.asyncIterator]();
      const write = (message: object) =>
        hostToPlugin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
      const read = async () => JSON.parse((await lines.next()).value ?? "");
      write({ id: 1, method: "initialize", params: { protocolVersion: version, ...COMMON } });
      assert.equal((await read()).result.protocolVersion, version);
      write({ method: "initialized" });
      assert.deepEqual((await read()).params.local, local);
      const { frames } = (await read()).params;
      assert.deepEqual([frames.placeholders, frames.captureFaulty], newCounts);
      write({ id: 2, method: "call.list" });
      assert.deepEqual((await read()).result.calls[0].local, local);
    });
  }
});
