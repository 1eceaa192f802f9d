// The states of signalling that the host gets while the plugin starts and stops.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSignallingService } from "../../../plugin/app/signalling-service.ts";
import { SignallingError } from "../../../plugin/signalling/port.ts";
import { settingsSchema } from "../../../rpc-schema/index.ts";

const { signalling } = settingsSchema.parse({});
const CONFIG = { label: "", privateKeyFile: undefined, settings: signalling, relayPeerId: undefined };
const LISTENER = { onSignal: () => undefined, onReady: () => undefined, onContacts: () => undefined };
const SELF = { peerId: "12D3KooWGoodPeerAbcdefgh", addresses: [] };

/** @param begin what the start of the node does; it rejects when the node is closed */
function setUp(begin: (closed: Promise<never>) => Promise<typeof SELF>) {
  const states: unknown[] = [];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => undefined);
  const service = createSignallingService({
    create: () => ({
      start: () => begin(closed.promise),
      send: async () => undefined,
      contacts: () => [],
      addressesOf: () => [],
      isKnown: () => false,
      refusals: () => ({}),
      setAvailability: () => undefined,
      addContact: async () => assert.fail(),
      close: async () => closed.reject(new SignallingError("closed", "signalling is closed")),
    }),
    createHostRelayed: () => assert.fail(),
    notify: (name, params) => void states.push("state" in params ? params.state : name),
    notifyLatest: () => undefined,
    asksForContactChanges: () => false,
    log: () => undefined,
  });
  return { service, states };
}

describe("signalling.changed", () => {
  test("tells of the start and of the stop", async () => {
    const { service, states } = setUp(async () => SELF);
    await service.start(CONFIG, LISTENER);
    await service.close();
    assert.deepEqual(states, ["starting", "ready", "stopped"]);
  });

  test("does not call a start that a shutdown interrupts a failure", async () => {
    const { service, states } = setUp((closed) => closed);
    const starting = service.start(CONFIG, LISTENER);
    await service.close();
    await starting;
    assert.deepEqual(states, ["starting", "stopped"]);
  });

  test("tells of a failure with its state", async () => {
    const { service, states } = setUp(async () => {
      throw new SignallingError("closed", "no port is free");
    });
    await service.start(CONFIG, LISTENER);
    assert.deepEqual(states, ["starting", "failed"]);
  });

  test("is not sent by a plugin that never started it", async () => {
    const { service, states } = setUp(async () => SELF);
    await service.close();
    assert.deepEqual(states, []);
  });
});

describe("the reason of a failure", () => {
  const fail = async (): Promise<never> => {
    throw new SignallingError("startFailed", "the key /proc/nope/identity.key: it does not exist (ENOENT)");
  };

  test("is repeated to who adds a contact, until the next start", async () => {
    let begin: () => Promise<typeof SELF> = fail;
    const { service } = setUp(() => begin());
    await assert.rejects(service.addContact("/memory"), { message: "signalling is not ready yet" });
    await service.start(CONFIG, LISTENER);
    assert.match(service.whyFailed() ?? "", /identity\.key/);
    await assert.rejects(service.addContact("/memory"), {
      kind: "signallingUnavailable",
      message: /has failed: the key \/proc\/nope\/identity\.key/,
    });
    begin = async () => SELF;
    await service.start(CONFIG, LISTENER);
    assert.equal(service.whyFailed(), null);
  });
});
