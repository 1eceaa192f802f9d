// relayOnly without a TURN server is refused when it is set, never ignored.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createSettingsStore, relayIssue } from "../../../plugin/app/settings-store.ts";
import { withoutRefused } from "../../../plugin/host/settings/settings-controller.ts";
import { RpcError, withFormerNamesOnly } from "../../../rpc-schema/index.ts";

const TURN = { urls: ["turn:turn.example.org"], username: "me", credential: "secret" };
const REFUSED = /settings\.relayOnly is true, a TURN server with username and credential/;

test("relayOnly is refused without a TURN server", () => {
  const store = createSettingsStore(relayIssue);
  assert.throws(() => store.change({ relayOnly: true }), REFUSED);
  assert.equal(store.get().relayOnly, false);
});

test("relayOnly is accepted with a TURN server, which cannot be removed while it is on", () => {
  const store = createSettingsStore(relayIssue);
  store.change({ relayOnly: true, iceServers: [TURN] });
  assert.throws(() => store.change({ iceServers: [] }), REFUSED);
  assert.deepEqual(store.get().iceServers, [TURN]);
  store.change({ relayOnly: false, iceServers: [] });
});

test("the reference host does not start a plugin without relayOnly because it was refused", () => {
  const refused = (field: string) =>
    new RpcError("invalidParams", "no", { issues: [{ field, value: "", expected: "" }] });
  assert.equal(withoutRefused({ relayOnly: true }, refused("settings.relayOnly")), null);
  assert.deepEqual(withoutRefused({ relayOnly: true, toneHz: 1 }, refused("settings.toneHz")), {
    relayOnly: true,
  });
});

test("hosts of version 1 do not get the setting", () => {
  assert.deepEqual(withFormerNamesOnly({ settings: { relayOnly: true, toneHz: 440 } }), {
    settings: { toneHz: 440 },
  });
});
