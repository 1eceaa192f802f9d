// Which way a thread gets its priority, with a daemon and limits of every kind.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RealTimeDaemon } from "../../../plugin/priority/real-time-daemon.ts";
import { type PriorityLimits, parseLimits } from "../../../plugin/priority/threads.ts";
import { giveNiceness, giveRealTime } from "../../../plugin/priority/ways.ts";

const GUARDED: PriorityLimits = { realTimePriority: 0, nice: 20, realTimeUs: 200_000 };

function daemonOf(requests: string[], refuses = "", offer = {}): RealTimeDaemon {
  const answer = (text: string) => async () => {
    if (refuses.includes(text)) throw new Error("too many");
    requests.push(text);
  };
  return {
    offer: { name: "rtkit", maxPriority: 20, minNice: -15, maxRealTimeUs: 200_000, ...offer },
    setRealTime: (pid, tid, priority) => answer(`real ${pid} ${tid} ${priority}`)(),
    setNiceness: (pid, tid, nice) => answer(`nice ${pid} ${tid} ${nice}`)(),
    disconnect: () => undefined,
  };
}

function systemOf(requests: string[], allows: "realTime" | "niceness" | "nothing") {
  const refuse = () => {
    throw new Error("EPERM");
  };
  return {
    setRealTime: (tid: number, priority: number) =>
      allows === "realTime" ? void requests.push(`own real ${tid} ${priority}`) : refuse(),
    setNiceness: (tid: number, nice: number) =>
      allows === "nothing" ? refuse() : void requests.push(`own nice ${tid} ${nice}`),
  };
}

describe("a thread of a sound process", () => {
  const cases = [
    ["gets real time from the daemon", "", {}, "nothing", GUARDED, "real 1 2 5"],
    ["asks for no more than the daemon has", "", { maxPriority: 3 }, "nothing", GUARDED, "real 1 2 3"],
    [
      "gets real time by limits when the daemon refuses",
      "real nice",
      {},
      "realTime",
      GUARDED,
      "own real 2 5",
    ],
    [
      "asks for no more than the limits allow",
      "real",
      {},
      "realTime",
      { ...GUARDED, realTimePriority: 2 },
      "own real 2 2",
    ],
    [
      "gets niceness from the daemon where real time is refused",
      "real",
      {},
      "niceness",
      GUARDED,
      "nice 1 2 -11",
    ],
    [
      "gets niceness by limits when the daemon gives nothing",
      "real nice",
      {},
      "niceness",
      GUARDED,
      "own nice 2 -11",
    ],
  ] as const;
  for (const [name, refused, offer, allows, limits, expected] of cases) {
    test(name, async () => {
      const requests: string[] = [];
      const texts = ["real 1 2 5", "real 1 2 3", "nice 1 2 -11"].filter((text) =>
        refused.split(" ").some((word) => word !== "" && text.startsWith(word)),
      );
      const ways = {
        system: systemOf(requests, allows),
        daemon: daemonOf(requests, texts.join(), offer),
        limits,
      };
      await giveRealTime(1, 2, ways);
      assert.equal(requests[0], expected);
    });
  }

  test("gets no real time without a guard against a thread that never pauses", async () => {
    const requests: string[] = [];
    const limits = { ...GUARDED, realTimeUs: Number.POSITIVE_INFINITY };
    const ways = { system: systemOf(requests, "realTime"), daemon: daemonOf(requests), limits };
    assert.equal((await giveRealTime(1, 2, ways)).kind, "niceness");
    assert.equal(requests[0], "nice 1 2 -11");
  });

  test("says every reason where everything is refused", async () => {
    const ways = {
      system: systemOf([], "nothing"),
      daemon: daemonOf([], "real 1 2 5 nice 1 2 -11"),
      limits: GUARDED,
    };
    assert.deepEqual(await giveRealTime(1, 2, ways), {
      kind: "nothing",
      why: "rtkit: too many; real time: EPERM; rtkit: too many; niceness: EPERM",
    });
  });
});

test("a thread of the plugin never gets real time", async () => {
  const requests: string[] = [];
  const ways = { system: systemOf(requests, "realTime"), daemon: daemonOf(requests), limits: GUARDED };
  await giveNiceness(1, 2, ways);
  await giveNiceness(1, 2, { ...ways, daemon: null });
  await giveNiceness(1, 2, { ...ways, daemon: null, limits: { ...GUARDED, nice: -4 } });
  assert.deepEqual(requests, ["nice 1 2 -11", "own nice 2 -11", "own nice 2 -11", "own nice 2 -4"]);
});

test("the limits of a process are read as the kernel prints them", () => {
  const text =
    "Max nice priority         31                   31                   \n" +
    "Max realtime priority     0                    95                   \n" +
    "Max realtime timeout      100000               200000               us        \n";
  assert.deepEqual(parseLimits(text), { realTimePriority: 0, nice: -11, realTimeUs: 200_000 });
  assert.equal(parseLimits("Max realtime timeout      unlimited    unlimited   us").realTimeUs, Infinity);
});
