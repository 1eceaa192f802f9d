// One contract for the fake daemon, for Debian's rtkit, and for the portal: what the plugin asks over D-Bus takes effect.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { after, before, describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import type { RealTimeDaemon } from "../../../plugin/priority/real-time-daemon.ts";
import { connectToRealTimeKit } from "../../../plugin/priority/realtime-kit.ts";
import { carryOut } from "../../support/desktop/carry-out.ts";
import { type SystemBus, startSystemBus } from "../../support/desktop/private-system-bus.ts";

const native = loadNative();
const RR = 2;
const LIMIT_MS = 120_000;
/** Fields of /proc/PID/stat after the name, proc(5). */
const [RT_PRIORITY_AT, POLICY_AT] = [37, 38];

function scheduling(): { policy: number; priority: number } {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return { policy: Number(fields[POLICY_AT]), priority: Number(fields[RT_PRIORITY_AT]) };
}

function describeDaemon(name: string, start: (bus: SystemBus) => Promise<unknown>, isPortal = false): void {
  describe(name, { timeout: LIMIT_MS }, () => {
    let bus: SystemBus;
    const usual = getPriority();
    const connect = async (): Promise<RealTimeDaemon> => {
      const addresses = isPortal
        ? { system: null, session: bus.address }
        : { system: bus.address, session: null };
      const daemon = await connectToRealTimeKit(addresses, (why) => assert.fail(why));
      return daemon ?? assert.fail("no daemon");
    };
    before(async () => {
      bus = await startSystemBus();
      await start(bus);
    });
    after(async () => {
      native.setNiceness(process.pid, usual);
      await bus.stop();
    });

    test("says what it allows", async () => {
      const daemon = await connect();
      daemon.disconnect();
      const { maxPriority, minNice, maxRealTimeUs } = daemon.offer;
      assert.deepEqual(
        { maxPriority, minNice, maxRealTimeUs },
        { maxPriority: 20, minNice: -15, maxRealTimeUs: 200_000 },
      );
      assert.equal(daemon.offer.name, isPortal ? "the portal" : "rtkit");
    });

    test("gives real time to a thread of a guarded process, and takes it back for a niceness", async () => {
      native.guardRealTime(100_000, 200_000);
      const daemon = await connect();
      try {
        await daemon.setRealTime(process.pid, process.pid, 5);
        assert.deepEqual(scheduling(), { policy: RR, priority: 5 });
        await daemon.setNiceness(process.pid, process.pid, -11);
        assert.deepEqual([scheduling().policy, getPriority()], [0, -11]);
      } finally {
        daemon.disconnect();
      }
    });

    test("refuses more than it allows", async () => {
      const daemon = await connect();
      try {
        await assert.rejects(daemon.setRealTime(process.pid, process.pid, 21), Error);
        await assert.rejects(daemon.setNiceness(process.pid, process.pid, -16), Error);
      } finally {
        daemon.disconnect();
      }
    });
  });
}

describeDaemon("the fake daemon", (bus) => bus.startFake({ onRequest: carryOut }));
describeDaemon("rtkit", (bus) => bus.startRtkit());
describeDaemon("the fake portal", (bus) => bus.startFake({ onRequest: carryOut, isPortal: true }), true);

test("a machine without a bus, or with an empty one, has no daemon", { timeout: LIMIT_MS }, async () => {
  const bus = await startSystemBus();
  try {
    const reasons: string[] = [];
    const addresses = { system: "unix:path=/nowhere/bus", session: bus.address };
    assert.equal(await connectToRealTimeKit(addresses, (why) => reasons.push(why)), null);
    assert.equal(reasons.length, 2);
    assert.match(reasons[0] ?? "", /^rtkit: /);
    assert.match(reasons[1] ?? "", /^the portal: /);
  } finally {
    await bus.stop();
  }
});

test("a portal that was started before rtkit, and reports zeros, counts as none", {
  timeout: LIMIT_MS,
}, async () => {
  const bus = await startSystemBus();
  try {
    await bus.startFake({ isPortal: true, maxPriority: 0, minNice: 0 });
    const reasons: string[] = [];
    const addresses = { system: null, session: bus.address };
    assert.equal(await connectToRealTimeKit(addresses, (why) => reasons.push(why)), null);
    assert.deepEqual(reasons, ["the portal: it allows no higher priority"]);
  } finally {
    await bus.stop();
  }
});
