// Which threads of real processes get which priority. Nothing changes: the requests are recorded.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { getPriority } from "node:os";
import { after, before, describe, test } from "node:test";
import type { RealTimeDaemon } from "../../../plugin/priority/real-time-daemon.ts";
import { roleInPlugin } from "../../../plugin/priority/roles.ts";
import { createSoundPriority } from "../../../plugin/priority/sound-priority.ts";
import { threadIdsOf, threadOf } from "../../../plugin/priority/threads.ts";

const LIMIT_MS = 60_000;
/** Longer than the time between two reviews. */
const STEP_MS = 1_000;

/** Like a sound process: guarded, and with a Node worker that has moved a block. */
const CHILD = `process.on("disconnect", () => process.exit());
  require("node:fs").stat("/", () => process.send("ready"));`;

let child: ChildProcess;
let pid: number;
before(async () => {
  const guarded = ["--rttime=100000:200000", process.execPath, "-e", CHILD];
  child = spawn("prlimit", guarded, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  pid = child.pid ?? assert.fail("not started");
});
after(() => child.kill("SIGKILL"));

function watched(daemon: RealTimeDaemon | null, isAllowed: boolean) {
  const requests = new Map<number, string>();
  const lines: string[] = [];
  let nowMs = 0;
  let connections = 0;
  const record = (tid: number, text: string) => {
    const former = requests.get(tid);
    requests.set(tid, former === undefined ? text : `${former}, ${text}`);
  };
  const set = (text: string) => async (_pid: number, tid: number, value: number) =>
    record(tid, `${text} ${value}`);
  const own = (text: string) => (tid: number, value: number) => {
    if (!isAllowed && (text === "own real" || value < getPriority())) throw new Error("EPERM");
    record(tid, `${text} ${value}`);
  };
  const priority = createSoundPriority({
    system: { setRealTime: own("own real"), setNiceness: own("own nice") },
    connect: async () => {
      connections += 1;
      return daemon && { ...daemon, setRealTime: set("real"), setNiceness: set("nice") };
    },
    log: (level, line) => void (level === "debug" || lines.push(line)),
    clock: () => nowMs,
  });
  const review = async () => {
    nowMs += STEP_MS;
    priority.soundRuns(pid);
    await priority.settled();
  };
  return { priority, requests, lines, review, connections: () => connections };
}

const accepted = async () => undefined;
const RTKIT: RealTimeDaemon = {
  offer: { name: "rtkit", maxPriority: 20, minNice: -15, maxRealTimeUs: 200_000 },
  setRealTime: accepted,
  setNiceness: accepted,
  disconnect: () => undefined,
};

/** Distinct requests for the threads of a process whose names match. */
function requestsFor(requests: ReadonlyMap<number, string>, of: number, name: RegExp): string[] {
  const tids = (threadIdsOf(of) ?? []).filter((tid) => name.test(threadOf(of, tid)?.name ?? ""));
  return [...new Set(tids.map((tid) => requests.get(tid) ?? "none"))];
}

describe("while a sound process runs", { timeout: LIMIT_MS }, () => {
  test("with rtkit its threads get real time, and the plugin's main thread a niceness", async () => {
    const { requests, lines, review, connections } = watched(RTKIT, true);
    await review();
    await review();
    assert.equal(requests.get(pid), "real 5");
    assert.deepEqual(requestsFor(requests, pid, /^libuv-worker/), ["real 5"]);
    assert.deepEqual(requestsFor(requests, pid, /^V8Worker|^Delayed/), ["none"]);
    assert.equal(requests.get(process.pid), "nice -11, own nice -11");
    assert.deepEqual(requestsFor(requests, process.pid, /^V8Worker/), ["own nice -11"]);
    assert.deepEqual(lines, [
      "the sound process has real-time priority 5 from rtkit",
      "the threads for sound in this process have niceness -11 from rtkit",
    ]);
    requests.clear();
    const before = connections();
    await review();
    assert.deepEqual([requests.size, connections()], [0, before], "each thread is asked for once");
  });

  test("where nothing is allowed the plugin's pictures step back, and the log says once what is missing", async () => {
    const { requests, lines, review } = watched(null, false);
    await review();
    await review();
    await review();
    assert.equal(requests.get(pid), `own nice ${getPriority()}`, "only its turn comes sooner");
    assert.deepEqual(requestsFor(requests, process.pid, /^libuv-worker/), [
      `own nice ${Math.min(19, getPriority() + 5)}`,
    ]);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /^the sound process has no higher priority than other programs \(.*EPERM/);
  });

  test("reports within 0.4 s of each other cost no review", async () => {
    const { priority, requests, review } = watched(RTKIT, true);
    await review();
    requests.clear();
    priority.soundRuns(pid);
    await priority.settled();
    assert.equal(requests.size, 0);
  });

  test("a process that has ended is no fault", async () => {
    const { priority, lines } = watched(RTKIT, true);
    priority.soundRuns(4_194_303);
    await priority.settled();
    assert.ok(!lines.some((line) => line.startsWith("the sound process")));
  });
});

test("libwebrtc's threads for sound and for pictures are told apart by the names that the kernel keeps", () => {
  const roles = (names: string[]) => new Set(names.map((name) => roleInPlugin(name, false)));
  const sound = ["PeerConnectionF", "TestAudioDevice", "AudioEncoder", "TaskQueuePacedS"];
  assert.deepEqual(roles(sound), new Set(["sound"]));
  const pictures = ["EncoderQueue", "DecodingQueue", "IncomingVideoSt", "libuv-worker", "capture"];
  assert.deepEqual(roles(pictures), new Set(["picture"]));
  assert.deepEqual(roles(["SignalInspector", "MainThread"]), new Set(["other"]));
});
