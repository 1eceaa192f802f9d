// Kept descriptions in the shapes of other engines, against the real engine: which kinds of media remain.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type NegotiatedDirections, type Peer, PeerError } from "../../../plugin/peer/peer.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { observePeer } from "../../support/plugin/peer-pair.ts";

const FOLDER = new URL("descriptions/", import.meta.url);
const NO_VIDEO = /^the picture cannot be shown: one side has (H264|VP9|no codec) only, the other VP8/;

/** The kinds that flow in some direction, or the error. */
type Outcome = "audio video" | "audio" | RegExp;

const OFFERS: Record<string, Outcome> = {
  "audio-and-video-red": "audio video",
  "audio-without-codec": /no common audio codec: one side has AMR-WB only, the other opus/,
  "av1-only": "audio video",
  "bundle-only": "audio video",
  "bundle-only-h264": "audio",
  "codecs-reordered": "audio video",
  "data-channel-first": "audio video",
  "firefox-like": "audio video",
  "h264-only-first": "audio",
  "ice-lite-no-msid": "audio video",
  "pion-like": "audio video",
  "plan-b": /more than one track/,
  "red-without-codec": "audio",
  "rejected-line": "audio video",
  "rtcp-mux-only": "audio video",
  simulcast: "audio video",
  "simulcast-h264": "audio",
  "video-inactive": "audio",
  "video-recvonly": "audio video",
  "vp9-only": "audio video",
};
const ANSWERS: Record<string, Outcome> = {
  "audio-pcmu": "audio video",
  "audio-unnamed": /no common audio codec: one side has unnamed codecs only/,
  "video-h264-inactive": "audio",
  "video-h264-sendonly": "audio",
  "video-rejected": "audio",
  "video-vp9": "audio video",
  "video-vp9-profile-1": "audio",
};
/** Their video is off by choice of the other side, whatever its codecs. */
const OFF_BY_CHOICE = ["video-inactive", "video-rejected"];

function kept(folder: "offers" | "answers", name: string): string {
  return readFileSync(new URL(`${folder}/${name}.sdp`, FOLDER), "utf8");
}

function kindsOf(sdp: string): string[] {
  return sdp
    .split("\r\n")
    .filter((line) => line.startsWith("m="))
    .map((line) => line.split(" ", 1)[0] ?? "");
}

function assertKinds(name: string, expected: string, directions: NegotiatedDirections | null): void {
  assert.ok(directions);
  const flows = (["audio", "video"] as const).filter(
    (kind) => directions[kind].sends || directions[kind].receives,
  );
  assert.equal(flows.join(" "), expected);
  if (expected === "audio" && !OFF_BY_CHOICE.includes(name))
    assert.match(directions.videoRefused ?? "", NO_VIDEO);
  else assert.equal(directions.videoRefused, undefined);
}

async function withPeer(body: (peer: Peer) => Promise<void>): Promise<void> {
  const { peer } = await observePeer(createWrtcEngine());
  try {
    await body(peer);
  } finally {
    peer.close();
  }
}

function isRefusal(expected: RegExp) {
  return (cause: unknown) => cause instanceof PeerError && expected.test(cause.message);
}

test("every kept description has an expected outcome", () => {
  for (const [folder, outcomes] of [
    ["offers", OFFERS],
    ["answers", ANSWERS],
  ] as const) {
    const names = readdirSync(new URL(`${folder}/`, FOLDER)).map((file) => file.replace(".sdp", ""));
    assert.deepEqual(names.toSorted(), Object.keys(outcomes).toSorted());
  }
});

for (const [name, expected] of Object.entries(OFFERS)) {
  const outcome = expected instanceof RegExp ? "is refused with the reason" : `leads to ${expected}`;
  test(`the offer ${name} ${outcome}`, () =>
    withPeer(async (peer) => {
      const offer = kept("offers", name);
      if (expected instanceof RegExp) {
        await assert.rejects(peer.answerOffer(offer), isRefusal(expected));
        return;
      }
      assert.deepEqual(kindsOf(await peer.answerOffer(offer)), kindsOf(offer));
      assertKinds(name, expected, peer.negotiatedDirections());
    }));
}

for (const [name, expected] of Object.entries(ANSWERS)) {
  const outcome = expected instanceof RegExp ? "is refused with the reason" : `leads to ${expected}`;
  test(`the answer ${name} ${outcome}`, () =>
    withPeer(async (peer) => {
      const offer = await peer.createOffer();
      const answer = kept("answers", name);
      assert.deepEqual(kindsOf(answer), kindsOf(offer));
      if (expected instanceof RegExp) {
        await assert.rejects(peer.acceptAnswer(answer), isRefusal(expected));
        return;
      }
      await peer.acceptAnswer(answer);
      assertKinds(name, expected, peer.negotiatedDirections());
    }));
}
