// Notifications about state are merged: a burst, then a few a second, and the newest state wins.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { Notifier } from "../../../plugin/rpc/notifier.ts";
import { createPluginEnd } from "../../../plugin/rpc/serve.ts";
import { CHARS_PER_TOKEN, isState, STATE_PACES, StatePacer } from "../../../plugin/rpc/state-pacer.ts";
import { pluginNotificationExamples } from "../../../rpc-schema/documents/examples.ts";
import { type PluginNotificationName, pluginNotifications } from "../../../rpc-schema/index.ts";

const names = Object.keys(pluginNotifications) as PluginNotificationName[];
const CALL_ID = "c-1";
let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

function pass(ms: number): void {
  for (let step = 0; step < ms; step += 10) {
    nowMs += 10;
    mock.timers.tick(10);
  }
}

/** A pacer with the test's clock, and what it sent. */
function pacing() {
  const pacer = new StatePacer(() => nowMs);
  const sent: string[] = [];
  const update = (name: keyof typeof STATE_PACES, state: string, chars = 0, callId?: string) =>
    pacer.update(name, callId, (charge) => {
      sent.push(state);
      charge(chars);
    });
  return { pacer, sent, update };
}

describe("a state", () => {
  test("goes out at once in a burst, and then a few times a second with the newest value", () => {
    const { sent, update } = pacing();
    const { burst, perSecond } = STATE_PACES["contacts.changed"];
    for (let change = 0; change < 10_000; change += 1) {
      update("contacts.changed", String(change));
      if (change % 10 === 0) pass(10);
    }
    pass(1_000);
    assert.equal(sent[0], "0");
    assert.equal(sent.at(-1), "9999");
    assert.ok(sent.length <= burst + perSecond * 11 + 1, `${sent.length} in 11 s`);
  });

  test("that is long comes less often", () => {
    const { sent, update } = pacing();
    for (let change = 0; change < 1_000; change += 1) {
      update("contacts.changed", String(change), 10 * CHARS_PER_TOKEN);
      pass(10);
    }
    const { burst, perSecond } = STATE_PACES["contacts.changed"];
    assert.ok(sent.length <= 1 + burst + (10 * perSecond) / 10, `${sent.length} in 10 s`);
  });

  test("of a call that has ended is not told any more", () => {
    const { pacer, sent, update } = pacing();
    for (let change = 0; change < 100; change += 1) update("call.changed", `${change}`, 0, CALL_ID);
    const before = sent.length;
    pacer.forgetCall(CALL_ID);
    pass(5_000);
    assert.equal(sent.length, before);
  });

  test("that waits goes out at the end of the link", () => {
    const { pacer, sent, update } = pacing();
    for (let change = 0; change < 100; change += 1) update("devices.changed", String(change));
    pacer.flush();
    assert.equal(sent.at(-1), "99");
    pass(5_000);
    assert.equal(sent.at(-1), "99");
  });
});

test("every notification is a state that is merged, or one whose cause has a limit of its own", () => {
  // Rings are limited by plugin/calls, ends by rings, entries by the chart feed, and frames by the host's credit.
  const limitedAtSource = ["call.incoming", "call.ended", "charts.recorded", "frame"];
  // A host has one preview at most, and no peer has a part in it. Its levels come ten times a second.
  limitedAtSource.push("preview.changed", "preview.levels", "preview.ended");
  assert.deepEqual(names.filter((name) => !isState(name)).sort(), limitedAtSource.sort());
});

test("no state can be sent faster than its pace, whatever causes it", () => {
  const lines: string[] = [];
  const notifier = new Notifier({ send: (line) => void lines.push(line), log: () => assert.fail() });
  for (const name of names.filter(isState)) {
    lines.length = 0;
    for (let change = 0; change < 1_000; change += 1) notifier.notify(name, pluginNotificationExamples[name]);
    assert.ok(lines.length <= STATE_PACES[name].burst + 1, `${name}: ${lines.length}`);
  }
  notifier.flushAll();
});

test("contacts are read when their line is written, so a reader that pauses gets the newest list once", async () => {
  mock.timers.reset();
  const output = new PassThrough({ highWaterMark: 1 });
  const end = createPluginEnd({
    input: new PassThrough(),
    output,
    log: (_level, message) => assert.fail(message),
    onHostGone: () => undefined,
  });
  const [contact] = pluginNotificationExamples["contacts.changed"].contacts;
  assert.ok(contact);
  let label = "";
  for (const next of ["first", "second", "third"]) {
    label = next;
    end.notifyLatest("contacts.changed", () => ({ contacts: [{ ...contact, label }] }));
  }
  const lines = createInterface(output)[Symbol.asyncIterator]();
  const labels = [];
  for (let count = 0; count < 2; count += 1) {
    const { params } = JSON.parse((await lines.next()).value ?? "");
    labels.push(params.contacts[0].label);
  }
  assert.deepEqual(labels, ["first", "third"]);
  end.close();
});
