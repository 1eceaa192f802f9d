// The data that the chart viewer derives from a log: every moment, causes and results, and signals.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { ChartLogEntry, ChartStep } from "../../../rpc-schema/index.ts";
import { activeStates, indexCharts, shortValue } from "../../../statecharts/viewer/model/chart-index.ts";
import { EventRows, fits, NO_FILTER, nameOf, placeOf } from "../../../statecharts/viewer/model/event-rows.ts";
import { History } from "../../../statecharts/viewer/model/history.ts";
import { readRecording } from "../../../statecharts/viewer/model/read-file.ts";
import { Session } from "../../../statecharts/viewer/model/session.ts";
import { type ActorView, applyEntry } from "../../../statecharts/viewer/model/story.ts";
import { logText, type RecordedCall, recordCall } from "../../support/charts/recorded-call.ts";

let recorded: RecordedCall;
let session: Session;
let call: string;
before(async () => {
  recorded = await recordCall();
  session = new Session(recorded.charts, 0);
  session.add(recorded.entries);
  call = `callManager/call:${recorded.callId}`;
});

const stepsOf = (path: string): ChartStep[] =>
  recorded.entries.filter((entry) => entry.kind === "step").filter(({ id }) => id === path);
const placeAfter = (fits: (entry: ChartLogEntry) => boolean): number => recorded.entries.findIndex(fits) + 1;
const connected = () =>
  placeAfter(
    (entry) => entry.kind === "step" && entry.id === call && shortValue(entry.value) === "active.connected",
  );

describe("a moment", () => {
  test("is the same from a keyframe as from the beginning of the log", () => {
    const charts = indexCharts(recorded.charts);
    const many = Array.from({ length: 8 }, () => recorded.entries).flat();
    const history = new History(charts);
    for (const entry of many) history.add(entry);
    const folded = new Map<string, ActorView>();
    many.forEach((entry, index) => {
      if (index % 37 === 0) assert.deepEqual(history.at(index), folded, `before entry ${index}`);
      applyEntry(folded, entry, index, charts);
    });
    assert.deepEqual(history.at(many.length), folded);
  });

  test("has for each chart the value, the context and the states of its last step", () => {
    for (const path of [call, `${call}/link`, `${call}/media`, `${call}/sending`, "callManager", "attach"]) {
      const last = stepsOf(path).at(-1);
      const actor = session.history.at(session.history.end).get(path);
      assert.deepEqual([actor?.value, actor?.status], [last?.value, last?.status], path);
      const context = Object.assign({}, ...stepsOf(path).map(({ changed }) => changed));
      for (const [key, value] of Object.entries(context)) assert.deepEqual(actor?.context[key], value, key);
    }
    const link = session.history.at(connected()).get(`${call}/link`);
    assert.ok(link?.active.has("link"));
    assert.ok([...(link?.active.keys() ?? [])].includes("link.establishing"));
  });

  test("lists the active states of nested and parallel values, outer before inner", () => {
    const media = indexCharts(recorded.charts).get("media");
    assert.ok(media);
    const value = { camera: { open: "live" }, microphone: "lost" };
    assert.deepEqual(activeStates(media, value), [
      "media",
      "media.camera",
      "media.camera.open",
      "media.camera.open.live",
      "media.microphone",
      "media.microphone.lost",
    ]);
  });

  test("has each running delay with its start and its length, until its state is left", () => {
    const awaiting = placeAfter(
      (entry) => entry.kind === "step" && entry.id === call && entry.event === "signal.ringing",
    );
    const [ringing, ...more] = session.history.at(awaiting).get(call)?.waits ?? [];
    assert.equal(more.length, 0);
    assert.equal(ringing?.state, "call.awaitingAccept");
    assert.equal(ringing?.delayMs, 60_000);
    const entry = recorded.entries[awaiting - 1];
    assert.equal(ringing?.sinceMs, entry?.kind === "step" ? entry.t : undefined);
    assert.deepEqual(session.history.at(connected()).get(call)?.waits, []);
  });

  test("has the effects of active states only", () => {
    const alive = (place: number) =>
      [...session.history.at(place).values()]
        .filter(({ chart, status }) => chart === null && status === "active")
        .map(({ path }) => path.slice(call.length + 1));
    assert.ok(
      alive(placeAfter((entry) => entry.kind === "step" && entry.id === call)).includes("0.call.placing"),
    );
    const later = alive(connected());
    assert.ok(later.includes("link/peerConnection"));
    assert.ok(later.includes("media/microphone"));
    assert.ok(!later.includes("0.call.placing"));
    assert.deepEqual(alive(recorded.entries.length), []);
  });

  test("does not change when a second subscription sends the state of all actors again", () => {
    const place = connected();
    const again = new Session(recorded.charts, 0);
    again.add(recorded.entries.slice(0, place));
    const before = again.moment.get(`${call}/media`);
    again.add([
      { kind: "actor", t: 9_000, id: `${call}/media`, chart: "media" },
      {
        kind: "step",
        t: 9_000,
        id: `${call}/media`,
        event: "xstate.init",
        status: "active",
        value: before?.value as string,
        changed: { ...before?.context },
        taken: [],
        actions: [],
      },
    ]);
    assert.deepEqual(again.moment.get(`${call}/media`), before);
  });

  test("is dropped beyond the limit, and the current state stays complete", () => {
    const small = new Session(recorded.charts, 0, 1_000);
    for (let round = 0; round < 20; round += 1) small.add(recorded.entries);
    assert.ok(small.history.first > 0);
    assert.ok(small.history.end - small.history.first <= 1_000);
    assert.ok(small.rows.all.every(({ index }) => index >= small.history.first));
    assert.ok(small.messages.all.every(({ index }) => index >= small.history.first));
    assert.equal(shortValue(small.moment.get("callManager")?.value), "open");
    small.showPlace(0);
    assert.equal(small.place, small.history.first);
    assert.equal(small.moment.get("attach")?.status, "active");
  });
});

describe("the list of events", () => {
  const rows = () => session.rows.all;

  test("assigns every step to its event, and every event to its step unless an effect received it", () => {
    const steps = rows().flatMap(({ step }) => (step ? [step.index] : []));
    const all = recorded.entries.flatMap((entry, index) => (entry.kind === "step" ? [index] : []));
    assert.deepEqual(
      steps.toSorted((a, b) => a - b),
      all,
    );
    for (const { event, type, to, step } of rows()) {
      if (step && event) assert.deepEqual([step.entry.event, step.entry.id], [type, to]);
    }
  });

  test("can be filtered by origin, by actor with its children, and by text in type, refusal and payload", () => {
    const shown = (filter: Partial<typeof NO_FILTER>) =>
      rows().filter((row) => fits(row, { ...NO_FILTER, ...filter }));
    assert.deepEqual(
      new Set(shown({ origins: new Set(["device"]) }).map(({ origin }) => origin)),
      new Set(["device"]),
    );
    assert.ok(shown({ actor: call }).some(({ to }) => to === `${call}/link`));
    assert.ok(shown({ actor: call }).every(({ to, from }) => to.startsWith(call) || from === call));
    assert.ok(
      shown({ text: "KEPT BACK BY" }).every(({ step }) => step?.entry.refused?.includes("kept back by")),
    );
    assert.deepEqual(
      [...new Set(shown({ text: "call-answer" }).map(({ type }) => type))],
      ["signal.received"],
    );
    assert.deepEqual(shown({ text: "no such thing" }), []);
  });

  test("matches two events of the same type in order, also if both are queued", () => {
    const list = new EventRows();
    const event = (t: number): ChartLogEntry => {
      return {
        kind: "event",
        t,
        to: "callManager",
        from: null,
        origin: "user",
        event: { type: "user.start" },
      };
    };
    const step = (t: number, refused: string): ChartLogEntry => {
      const base = {
        kind: "step",
        t,
        id: "callManager",
        event: "user.start",
        status: "active",
        value: "open",
      } as const;
      return { ...base, changed: {}, taken: [], actions: [], refused };
    };
    const entries = [event(1), event(2), step(3, "the first"), step(4, "the second")];
    for (const [index, entry] of entries.entries()) list.add(entry, index);
    assert.deepEqual(
      list.all.map((row) => [row.tMs, row.step?.entry.refused, placeOf(row)]),
      [
        [1, "the first", 3],
        [2, "the second", 4],
      ],
    );
  });

  test("gives xstate's own events readable names", () => {
    assert.equal(nameOf("xstate.after.ringTimeout.call.ringingIn"), "after ringTimeout");
    assert.equal(nameOf("xstate.done.actor.0.call.placing"), "done: call.placing");
    assert.equal(nameOf("xstate.error.actor.peerConnection"), "error: peerConnection");
    assert.equal(nameOf("user.start"), "user.start");
  });
});

describe("the messages and the lanes", () => {
  test("list the signals of both sides in order, by their type on the wire", () => {
    const names = session.messages.all.map(({ direction, name }) => `${direction} ${name}`);
    const wanted = [
      "out call-request",
      "in call-ringing",
      "in call-ack",
      "out call-offer",
      "in call-answer",
      "out call-hangup",
    ];
    assert.deepEqual(
      names.filter((name) => wanted.includes(name)),
      wanted,
    );
    assert.ok(names.includes("out ice-candidate"));
    const hangup = session.messages.all.find(({ name }) => name === "call-hangup");
    assert.equal(hangup?.outcome, "delivered");
    assert.equal(hangup?.callId, recorded.callId);
  });

  test("show each region of a parallel chart separately, without gaps, and end with their chart", () => {
    const lanes = session.lanes.all.filter(({ actor }) => actor === `${call}/media`);
    assert.deepEqual(
      lanes.map(({ region }) => region),
      ["camera", "microphone", "speaker", "screen"],
    );
    const [camera] = lanes;
    assert.deepEqual(
      camera?.spans.map(({ label }) => label),
      ["open.opening", "open.live"],
    );
    assert.equal(camera?.spans[0]?.toMs, camera?.spans[1]?.fromMs);
    const ended = stepsOf(`${call}/media`).at(-1);
    assert.equal(camera?.spans.at(-1)?.toMs, ended?.t);
    const attach = session.lanes.all.find(({ id }) => id === "attach");
    assert.equal(attach?.spans.at(-1)?.toMs, undefined);
  });
});

describe("the displayed moment", () => {
  test("steps from event to event, stops at both ends, and follows again on request", () => {
    const own = new Session(recorded.charts, 0);
    own.add(recorded.entries);
    const shown = own.rows.all;
    own.stepBy(-1, shown);
    assert.equal(own.isFollowing, false);
    assert.equal(own.selected, shown.at(-2));
    for (const _ of shown) own.stepBy(-1, shown);
    assert.equal(own.selected, shown[0]);
    own.stepBy(1, shown);
    assert.equal(own.selected, shown[1]);
    own.follow(true);
    assert.equal(own.place, recorded.entries.length);
  });

  test("can be selected by time, and by filtered events", () => {
    const own = new Session(recorded.charts, 0);
    own.add(recorded.entries);
    const place = connected();
    own.showTime(own.history.timeAt(place));
    assert.equal(shortValue(own.moment.get(call)?.value), "active.connected");
    const ofUser = own.rows.all.filter(({ origin }) => origin === "user");
    own.stepBy(-1, ofUser);
    assert.equal(own.selected?.type, "user.start");
    own.stepBy(1, ofUser);
    assert.equal(own.selected?.type, "user.toCall");
    const { before, after } = own.beforeAndAfter(
      own.rows.all.find(({ type, to }) => type === "user.hangup" && to === call) ??
        (own.rows.all[0] as never),
    );
    assert.equal(shortValue(before?.value), "active.connected");
    assert.equal(shortValue(after?.value), "ending");
  });
});

describe("a file", () => {
  test("that is a chart log gives its entries, also if a crash cut its last line", () => {
    const text = logText(recorded.entries);
    assert.deepEqual(readRecording(text, "a log").entries, JSON.parse(JSON.stringify(recorded.entries)));
    assert.equal(readRecording(text.slice(0, -9), "a log").entries.length, recorded.entries.length - 1);
  });

  test("that is a bundle gives the recording, or else the state of all charts", () => {
    const bundle = { plugin: { version: "1.2.3" }, masked: true, recorded: recorded.entries, charts: [] };
    const whole = readRecording(JSON.stringify(bundle), "a bundle");
    assert.deepEqual([whole.kind, whole.entries.length], ["bundle", recorded.entries.length]);
    const standing = recorded.entries.slice(1, 5);
    const bare = readRecording(JSON.stringify({ ...bundle, recorded: [], charts: standing }), "a bundle");
    assert.deepEqual([bare.startedAt, bare.version, bare.isMasked], [undefined, "1.2.3", true]);
    assert.equal(bare.entries.length, standing.length);
  });

  test("that is neither is refused with its line and the expected content", () => {
    const cases: [string, RegExp][] = [
      ["", /not a chart log: expected a head in its first line/],
      ["hello\nworld\n", /line 1: not JSON/],
      ['{"kind":"step"}\n', /line 1: not an entry/],
      ['{"kind":"log","version":3}\n', /of version 3, expected 1 or 2/],
    ];
    for (const [text, expected] of cases) assert.throws(() => readRecording(text, "it"), expected, text);
  });
});
