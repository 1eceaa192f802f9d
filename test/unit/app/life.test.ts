// The life cycle of a plugin with its host, and its settings, over JSON-RPC in memory.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type SoundDevices, SoundError } from "../../../plugin/sound/sound.ts";
import { type MethodName, methods, PROTOCOL_VERSION } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

function bench(whyNoCalls: string | null = null): PluginBench {
  const made = new PluginBench(createFakeSignallingNetwork(), whyNoCalls);
  open.push(made);
  return made;
}

const PEER = "FakePeerZZ";
/** Valid params, so that the answer depends only on the state of the plugin. */
const PARAMS: Record<Exclude<MethodName, "initialize">, object> = {
  shutdown: {},
  "settings.update": { settings: {} },
  "contacts.list": {},
  "contacts.add": { address: `/memory/p2p/${PEER}` },
  "devices.list": {},
  "call.start": { peerId: PEER, media: "audio" },
  "call.accept": { callId: "c" },
  "call.reject": { callId: "c" },
  "call.hangup": { callId: "c" },
  "call.setMicrophone": { callId: "c", on: true },
  "call.setCamera": { callId: "c", on: true },
  "call.useDevice": { callId: "c", kind: "camera", deviceId: "auto" },
  "call.shareScreen": { callId: "c", on: true },
  "screen.sources": {},
  "call.list": {},
  "preview.start": {},
  "preview.hearYourself": {},
  "preview.testSound": {},
  "preview.stop": {},
  "call.stats": { callId: "c" },
  "calls.missed": {},
  "calls.seen": {},
  "call.snapshot": { callId: "c", source: "local" },
  "frames.subscribe": { callId: "c", source: "local" },
  "frames.unsubscribe": { stream: "s" },
  "charts.list": {},
  "debug.refusals": {},
  "debug.bundle": {},
  "charts.subscribe": {},
  "charts.unsubscribe": {},
  "signal.deliver": { from: PEER, topic: "call:c", payload: {} },
};

const IDENTITY = { host: { name: "a test" }, identity: { label: "" } };

async function assertAllRefused({ host }: PluginBench, kind: string): Promise<void> {
  for (const [method, params] of Object.entries(PARAMS)) {
    await assert.rejects(host.request(method as MethodName, params as never), { kind }, method);
  }
}

describe("the life cycle", () => {
  test("refuses every method except initialize as notInitialized before initialize", async () => {
    assert.deepEqual([...Object.keys(PARAMS), "initialize"].sort(), Object.keys(methods).sort());
    await assertAllRefused(bench(), "notInitialized");
  });

  test("answers initialize with version, name, mode and the settings in force", async () => {
    const { plugin, protocolVersion, mode, settings } = await bench().initialize({ toneHz: 600 });
    assert.deepEqual(plugin, { name: "goop-call-plugin", version: "1.2.3" });
    assert.deepEqual(
      [protocolVersion, mode, settings.toneHz, settings.camera],
      [PROTOCOL_VERSION, "native", 600, "auto"],
    );
  });

  test("answers the highest common version, and its capabilities from version 2 on", async () => {
    const offers: [object, number][] = [
      [{ protocolVersion: 1 }, 1],
      [{ protocolVersions: [1] }, 1],
      [{ protocolVersion: 2 }, 2],
      [{ protocolVersions: [1, 2] }, 2],
      [{ protocolVersions: [7, 2, 1] }, 2],
      [{ protocolVersion: 1, protocolVersions: [9] }, 1],
    ];
    for (const [offer, version] of offers) {
      const { protocolVersion, capabilities } = await bench().host.request("initialize", {
        ...offer,
        ...IDENTITY,
      });
      assert.equal(protocolVersion, version, JSON.stringify(offer));
      assert.equal(capabilities?.includes("resume"), version === 1 ? undefined : true);
    }
  });

  test("refuses versions that it does not speak and names what each side speaks", async () => {
    const made = bench();
    const refusals: [object, string, string][] = [
      [{ protocolVersion: 99 }, "protocolVersion", "99"],
      [{ protocolVersions: [98, 99] }, "protocolVersions", "98, 99"],
    ];
    for (const [offer, field, value] of refusals) {
      await assert.rejects(made.host.request("initialize", { ...offer, ...IDENTITY }), {
        kind: "unsupportedProtocolVersion",
        message: `no common protocol version: the host speaks ${value}, this plugin 1, 2`,
        issues: [{ field, value, expected: "one of 1, 2" }],
      });
    }
    await made.initialize();
  });

  test("refuses an initialize without any version by name", async () => {
    const made = bench();
    await assert.rejects(made.host.request("initialize", IDENTITY), {
      kind: "invalidParams",
      issues: [
        { field: "protocolVersions", value: "nothing", expected: "the versions that the host speaks" },
      ],
    });
  });

  test("refuses invalid settings at initialize by name, and can be initialized afterwards", async () => {
    const made = bench();
    await assert.rejects(
      made.initialize({ toneHz: 1 }),
      (error: { kind: string; issues: { field: string }[] }) => {
        assert.deepEqual(
          [error.kind, error.issues.map(({ field }) => field)],
          ["invalidParams", ["settings.toneHz"]],
        );
        return true;
      },
    );
    assert.equal((await made.initialize()).settings.toneHz, 440);
  });

  test("refuses a second initialize", async () => {
    const made = bench();
    await made.initialize();
    await assert.rejects(made.initialize(), { kind: "alreadyInitialized" });
  });

  test("starts signalling only after `initialized`, and reports its state", async () => {
    const made = bench();
    await made.initialize();
    await assert.rejects(made.host.request("call.start", { peerId: PEER, media: "audio" }), {
      kind: "signallingUnavailable",
    });
    assert.deepEqual(made.notifications, []);
    made.host.notify("initialized", {});
    await made.waitFor("signalling.changed", ({ state }) => state === "ready");
    assert.deepEqual(
      made.notificationsNamed("signalling.changed").map(({ state }) => state),
      ["starting", "ready"],
    );
  });

  test("answers calls and contacts with the reason for which signalling failed", async () => {
    const network = createFakeSignallingNetwork();
    const made = new PluginBench({
      ...network,
      create: () => {
        throw new Error("no port is free");
      },
    });
    open.push(made);
    await made.initialize();
    made.host.notify("initialized", {});
    const { why } = await made.waitFor("signalling.changed", ({ state }) => state === "failed");
    assert.equal(why, "no port is free");
    const refused = { kind: "signallingUnavailable", message: /no port is free/ };
    await assert.rejects(made.host.request("call.start", { peerId: PEER, media: "audio" }), refused);
    await assert.rejects(made.host.request("contacts.add", { address: `/memory/p2p/${PEER}` }), refused);
  });

  test("logs and ignores an `initialized` that does not fit the state", async () => {
    const made = bench();
    made.host.notify("initialized", {});
    await made.start();
    made.host.notify("initialized", {});
    await made.host.request("call.list", {});
    assert.equal(made.logged.filter((line) => line.includes("does not fit the state")).length, 2);
  });

  test("refuses everything after shutdown and after exit, and ends with status 0", async () => {
    const made = bench();
    await made.start();
    assert.equal(await made.host.request("shutdown", {}), null);
    await assertAllRefused(made, "shuttingDown");
    made.host.notify("exit", {});
    await assertAllRefused(made, "shuttingDown");
    assert.equal(made.plugin.attach.getSnapshot().output?.exitStatus, 0);
  });

  test("ends with status 1 when the host closes its end without a shutdown", async () => {
    const made = bench();
    await made.start();
    await made.end();
    assert.equal(made.plugin.attach.getSnapshot().output?.exitStatus, 1);
  });

  test("answers shuttingDown when the shutdown closes what a request waits for", async () => {
    const made = bench();
    await made.start();
    const listing = Promise.withResolvers<SoundDevices>();
    made.sound.list = () => listing.promise;
    const answer = assert.rejects(made.host.request("devices.list", {}), { kind: "shuttingDown" });
    await made.host.request("shutdown", {});
    listing.reject(new SoundError("sound was closed"));
    await answer;
  });

  test("on a machine without an engine reports the reason, starts signalling and refuses only calls", async () => {
    const made = bench("no addon for this machine");
    await made.initialize();
    made.host.notify("initialized", {});
    const { videoDisabled, cause, why } = await made.waitFor("availability.changed");
    assert.deepEqual([videoDisabled, cause], [true, "engine"]);
    assert.match(why ?? "", /no addon for this machine/);
    await made.waitFor("signalling.changed", ({ state }) => state === "ready");
    const start = made.host.request("call.start", { peerId: PEER, media: "audio" });
    await assert.rejects(start, { kind: "callsUnavailable", message: /no addon for this machine/ });
    await made.host.request("devices.list", {});
  });
});

describe("settings.update", () => {
  test("changes the named settings and no others", async () => {
    const made = bench();
    await made.initialize({ toneHz: 500, picture: { width: 320 } });
    const { settings, restartNeeded } = await made.host.request("settings.update", {
      settings: { picture: { fps: 15 } },
    });
    assert.deepEqual(settings.picture, { width: 320, height: 720, fps: 15 });
    assert.equal(settings.toneHz, 500);
    assert.deepEqual(restartNeeded, []);
  });

  test("applies as a whole or not at all, and names every invalid field", async () => {
    const made = bench();
    await made.initialize();
    const wrong = made.host.request("settings.update", {
      settings: { toneHz: 600, picture: { width: 1, fps: 500 } },
    });
    await assert.rejects(wrong, (error: { kind: string; issues: { field: string }[] }) => {
      assert.equal(error.kind, "invalidParams");
      const fields = error.issues.map(({ field }) => field).sort();
      assert.deepEqual(fields, ["settings.picture.fps", "settings.picture.width"]);
      return true;
    });
    const { settings } = await made.host.request("settings.update", { settings: {} });
    assert.deepEqual([settings.toneHz, settings.picture.width], [440, 1280]);
  });

  test("names the changed settings that take effect at the next start", async () => {
    const made = bench();
    await made.start();
    const { restartNeeded } = await made.host.request("settings.update", {
      settings: { signalling: { mdns: false, listen: ["/ip4/0.0.0.0/tcp/0"] }, toneHz: 700 },
    });
    assert.deepEqual(restartNeeded, ["signalling.mdns"]);
  });

  test("passes new timeouts to the charts", async () => {
    const made = bench();
    await made.start();
    await made.host.request("settings.update", { settings: { timeouts: { ringMs: 1_234 } } });
    assert.equal(made.plugin.callManager.getSnapshot().context.timeouts.ringMs, 1_234);
  });
});

describe("devices and contacts", () => {
  test("devices are listed without opening any", async () => {
    const made = bench();
    await made.initialize();
    const { cameras, microphones, speakers } = await made.host.request("devices.list", {});
    assert.deepEqual(
      [cameras, microphones, speakers].map((list) => list.map(({ id }) => id)),
      [
        ["fake-camera", "test-pattern"],
        ["fake:mic", "tone", "none"],
        ["fake:speaker", "none"],
      ],
    );
    assert.deepEqual(made.open(), []);
  });

  test("an unreachable peer is not added", async () => {
    const made = bench();
    await made.start();
    await assert.rejects(made.host.request("contacts.add", { address: `/memory/p2p/${PEER}` }), {
      kind: "peerUnreachable",
    });
  });

  test("discovered contacts are reported and listed", async () => {
    const network = createFakeSignallingNetwork();
    const [one, other] = [new PluginBench(network), new PluginBench(network)];
    open.push(one, other);
    await one.start();
    const otherId = await other.start();
    const { contacts } = await one.waitFor("contacts.changed", (changed) =>
      changed.contacts.some(({ reachable }) => reachable),
    );
    assert.deepEqual(
      contacts.map(({ peerId }) => peerId),
      [otherId],
    );
    const listed = await one.host.request("contacts.list", {});
    assert.deepEqual(
      listed.contacts.map(({ peerId }) => peerId),
      [otherId],
    );
  });
});
