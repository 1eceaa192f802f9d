// Calls between the plugin and deployed Goop². Each side identifies the other's frames by their stamps and its sound by its
// pitch. quirks.test.ts covers the oddities of single peers.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callBothWays, useDeployedPeers } from "../../support/goop-peer/deployed-calls.ts";
import { asCallMessage } from "../../support/goop-peer/wire/wire.ts";

const withPeer = useDeployedPeers();

describe("calls with deployed Goop², in both directions", () => {
  for (const flavour of ["native", "browser", "sdk"] as const) {
    test(`${flavour}, unencrypted`, async () => {
      await withPeer(flavour, { sealing: "plain" }, async (bench) => {
        await callBothWays(bench);
        assert.ok(bench.peer.node.log.streams.every(({ wasSealed }) => !wasSealed));
      });
    });
  }

  for (const flavour of ["native", "browser"] as const) {
    test(`${flavour}, sealed except for hang-ups`, async () => {
      await withPeer(flavour, { sealing: "sealed" }, async (bench) => {
        await bench.untilSealed();
        await callBothWays(bench);
        const calls = bench.peer.node.log.streams
          .filter(({ message }) => String(message.topic).startsWith("call:"))
          .map(({ payload, wasSealed }) => ({ type: asCallMessage(payload)?.type, wasSealed }));
        const isAsExpected = ({ type, wasSealed }: (typeof calls)[number]) =>
          wasSealed === (type !== "call-hangup");
        assert.deepEqual(
          calls.filter((call) => !isAsExpected(call)),
          [],
        );
      });
    });
  }
});
