// A path whose own address is gone has failed before ICE notices.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectionStateObserver } from "../../../plugin/peer/connection-state.ts";
import { OwnAddressLoss } from "../../../plugin/peer/path/own-address-loss.ts";
import { usedAddress } from "../../../plugin/peer/statistics.ts";
import type { WrtcStatsEntry } from "../../../plugin/peer/wrtc-types.ts";
import { stubWrtc } from "../../support/fakes/stub-wrtc.ts";

const WIFI = "192.0.2.10";
const ETHERNET = "198.51.100.10";

const reportOf = (own: WrtcStatsEntry) =>
  new Map<string, WrtcStatsEntry>([
    ["T", { type: "transport", selectedCandidatePairId: "P" }],
    ["P", { type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" }],
    ["L", { type: "local-candidate", ...own }],
    ["R", { type: "remote-candidate", candidateType: "host", address: "203.0.113.5" }],
  ]);

describe("the address that a path uses", () => {
  for (const [name, own, expected] of [
    ["is that of a host candidate", { candidateType: "host", address: WIFI }, WIFI],
    ["is that of a host candidate under its former name", { candidateType: "host", ip: WIFI }, WIFI],
    [
      "is the base of an address that a router shows",
      { candidateType: "prflx", address: "203.0.113.9", relatedAddress: WIFI },
      WIFI,
    ],
    ["is unknown without a base", { candidateType: "srflx", address: "203.0.113.9" }, null],
    ["is unknown over a TURN server", { candidateType: "relay", address: "203.0.113.9" }, null],
  ] as const) {
    test(name, () => assert.equal(usedAddress(reportOf(own)), expected));
  }

  test("is unknown without a path", () => assert.equal(usedAddress(new Map()), undefined));
});

describe("the state of a connection", () => {
  function observe() {
    const stub = stubWrtc();
    const connection = new stub.module.RTCPeerConnection({ iceServers: [] });
    let used: WrtcStatsEntry | null = { candidateType: "host", address: WIFI };
    connection.getStats = () => Promise.resolve(used === null ? new Map() : reportOf(used));
    let addresses = new Set([WIFI, ETHERNET]);
    const states: string[] = [];
    const observer = new ConnectionStateObserver(
      connection,
      (state) => void states.push(state),
      () => addresses,
    );
    stub.connectionState = "connected";
    return {
      ...{ observer, states },
      has: (...own: string[]) => {
        addresses = new Set(own);
      },
      uses: (address: string | null) => {
        used = address === null ? null : { candidateType: "host", address };
      },
    };
  }

  const pass = async (t: { mock: { timers: { tick(ms: number): void } } }) => {
    t.mock.timers.tick(500);
    // The engine's answer comes some promise turns later.
    await new Promise((resolve) => setImmediate(resolve));
  };

  test("is failed while the path's own address is gone, and connected once the path uses another one", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { observer, states, has, uses } = observe();
    await pass(t);
    has(ETHERNET);
    await pass(t);
    uses(null);
    await pass(t);
    assert.deepEqual(states, ["connected", "failed"]);
    uses(ETHERNET);
    await pass(t);
    assert.deepEqual(states, ["connected", "failed", "connected"]);
    observer.close();
  });

  test("stays when another address goes or comes", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { observer, states, has } = observe();
    await pass(t);
    has(WIFI);
    await pass(t);
    has(WIFI, ETHERNET, "10.0.0.1");
    await pass(t);
    assert.deepEqual(states, ["connected"]);
    observer.close();
  });

  test("asks an engine that does not answer only once", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    let addresses = new Set([WIFI, ETHERNET]);
    let asked = 0;
    const loss = new OwnAddressLoss({
      usedAddress() {
        asked += 1;
        return new Promise(() => undefined);
      },
      onChange: () => undefined,
      ownAddresses: () => addresses,
    });
    for (const next of [[WIFI], [], [ETHERNET], []]) {
      addresses = new Set(next);
      await pass(t);
    }
    assert.equal(asked, 1);
    loss.close();
  });

  test("is not reported after the end", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { observer, states, has } = observe();
    await pass(t);
    has(ETHERNET);
    t.mock.timers.tick(500);
    observer.close();
    await pass(t);
    assert.deepEqual(states, ["connected"]);
  });
});
