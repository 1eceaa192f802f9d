// The ICE servers that the settings accept, and those that the real engine reads. A server that the engine does not read would
// end each call with words about parsing.

import "../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSettingsStore } from "../../plugin/app/settings-store.ts";
import { loadWrtc } from "../../plugin/peer/wrtc-engine.ts";
import type { IceServer } from "../../rpc-schema/index.ts";

const ACCOUNT = { username: "me", credential: "secret" };
const USABLE = [
  "stun:stun.example.org",
  "stun:stun.example.org:3478",
  "stun:h_1:65535",
  "stun:[::1]:3478",
  "stuns:192.0.2.1",
  "turn:turn.example.org?transport=tcp",
  "turn:turn.example.org:443?transport=UDP",
  "turns:turn.example.org:5349",
];
const UNUSABLE = [
  "stun:",
  "stun:h:0",
  "stun:h:65536",
  "stun:h:",
  "stun:h:x",
  "stun:::1",
  "stun:[::1",
  "stun://stun.example.org",
  "stun:stun.example.org/",
  "stun:bücher.example",
  "turn:me@turn.example.org",
  "turn:h?transport=tls",
  "turn:h?",
  "http:h",
];

/** @returns why the settings refuse the servers; null if they do not */
function refusalOf(iceServers: IceServer[]): string | null {
  try {
    createSettingsStore().change({ iceServers });
    return null;
  } catch (error) {
    return String(error);
  }
}

describe("the setting iceServers", () => {
  for (const url of USABLE) {
    test(`accepts ${url}, which the engine reads`, () => {
      const server = { urls: [url], ...ACCOUNT };
      assert.equal(refusalOf([server]), null);
      const { RTCPeerConnection } = loadWrtc();
      new RTCPeerConnection({ iceServers: [server] }).close();
    });
  }

  for (const url of UNUSABLE) {
    test(`refuses ${url} with its place and what was expected`, () => {
      const refusal = refusalOf([{ urls: ["stun:good.example", url], ...ACCOUNT }]) ?? "";
      assert.ok(refusal.includes(`settings.iceServers.0.urls.1 is ${JSON.stringify(url)}, a `), refusal);
    });
  }

  test("refuses a TURN server without username or credential, and names the missing field", () => {
    const urls = ["turn:turn.example.org"];
    for (const field of ["username", "credential"] as const) {
      for (const value of [undefined, ""]) {
        const { [field]: _, ...rest } = ACCOUNT;
        const refusal =
          refusalOf([{ urls, ...rest, ...(value === undefined ? {} : { [field]: value }) }]) ?? "";
        assert.ok(refusal.includes(`settings.iceServers.0.${field} is `), refusal);
        assert.match(refusal, new RegExp(`the ${field} of the TURN server`));
      }
    }
    assert.equal(refusalOf([{ urls: ["stun:stun.example.org"] }]), null);
  });
});
