// A host subscribes to the charts of a whole plugin.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { ChartLogEntry, StateDescription } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const made: PluginBench[] = [];
const bench = () => {
  const plugin = new PluginBench(createFakeSignallingNetwork());
  made.push(plugin);
  return plugin;
};

afterEach(() => {
  for (const { host } of made.splice(0)) host.close();
});

const entriesOf = (plugin: PluginBench): ChartLogEntry[] =>
  plugin.notificationsNamed("charts.recorded").flatMap(({ entries }) => entries);

const idsOf = (state: StateDescription): string[] => [state.id, ...state.states.flatMap(idsOf)];

describe("the chart subscription", () => {
  test("is refused by name while the setting `debugging` is off", async () => {
    const plugin = bench();
    await plugin.start();
    for (const method of ["charts.list", "charts.subscribe"] as const) {
      await assert.rejects(plugin.host.request(method, {}), {
        kind: "debuggingOff",
        issues: [{ field: "settings.debugging", value: "false", expected: "true" }],
      });
    }
  });

  test("lists every chart, and every transition in it leads to an existing state", async () => {
    const plugin = bench();
    await plugin.start({ debugging: true });
    const { charts } = await plugin.host.request("charts.list", {});
    assert.deepEqual(charts.map(({ id }) => id).sort(), [
      "adapt",
      "attach",
      "call",
      "callManager",
      "link",
      "media",
      "preview",
    ]);
    for (const { root } of charts) {
      const ids = idsOf(root);
      assert.equal(new Set(ids).size, ids.length);
      const targets = JSON.stringify(root).match(/"to":\["[^"]+/g) ?? [];
      for (const target of targets) assert.ok(ids.includes(target.slice('"to":["'.length)), target);
    }
  });

  test("sends the state of every chart first, then each step, with the reason of a refused event", async () => {
    const plugin = bench();
    const other = bench();
    await other.start();
    await plugin.start({ debugging: true });
    await plugin.host.request("charts.subscribe", {});
    await plugin.waitFor("charts.recorded", ({ entries }) => entries.length > 0);
    const initial = entriesOf(plugin).flatMap((entry) =>
      entry.kind === "step" && entry.event === "xstate.init" ? [[entry.id, entry.value]] : [],
    );
    assert.deepEqual(initial, [
      ["attach", "running"],
      ["callManager", "open"],
    ]);
    plugin.plugin.callManager.send({
      type: "user.start",
      callId: "c1",
      peerId: plugin.plugin.signalling.self()?.peerId ?? "",
      media: "audio",
    });
    const refusals = () =>
      entriesOf(plugin).flatMap((entry) =>
        entry.kind === "step" && entry.event === "user.start" ? [entry.refused ?? ""] : [],
      );
    await plugin.waitFor("charts.recorded", () => refusals().length > 0);
    assert.match(refusals().join(), /kept back by mayStart/);
  });

  test("ends with charts.unsubscribe, and when `debugging` is switched off", async () => {
    const plugin = bench();
    await plugin.start({ debugging: true });
    await plugin.host.request("charts.subscribe", {});
    await plugin.waitFor("charts.recorded");
    await plugin.host.request("charts.unsubscribe", {});
    const received = entriesOf(plugin).length;
    plugin.plugin.callManager.send({ type: "signalling.ready", selfId: "other" });
    await plugin.host.request("charts.subscribe", {});
    await plugin.host.request("settings.update", { settings: { debugging: false } });
    await assert.rejects(plugin.host.request("charts.subscribe", {}), { kind: "debuggingOff" });
    assert.equal(entriesOf(plugin).length, received);
  });
});
