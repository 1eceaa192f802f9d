// The lines of the remote description that decide how our engine sends.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type SentTerms,
  searchLimits,
  withSentTerms,
} from "../../../../plugin/peer/negotiation/sent-terms.ts";
import { hasTransportFeedback } from "../../../../plugin/peer/session-description.ts";

const REMOTE = [
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
  "m=audio 9 X 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n",
  "m=video 9 X 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 VP8/90000\r\n",
  "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n",
  "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n",
  "a=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\n",
].join("");
const TERMS: SentTerms = { soundPackets: "short", estimator: "sender", videoBps: null };

describe("the terms of what is sent", () => {
  test("leave the reports about each packet to the estimator that needs them", () => {
    assert.ok(hasTransportFeedback(withSentTerms(REMOTE, TERMS)));
    assert.ok(!hasTransportFeedback(withSentTerms(REMOTE, { ...TERMS, estimator: "receiver" })));
  });

  test("set the packets of sound, and the limit of the video if there is one", () => {
    const long = withSentTerms(REMOTE, { ...TERMS, soundPackets: "long", videoBps: 150_000 });
    assert.match(long, /^a=ptime:40\r\n/m);
    assert.match(long, /^b=AS:150\r\n/m);
    assert.doesNotMatch(withSentTerms(REMOTE, TERMS), /^b=AS/m);
  });

  test("reports about each packet need both the extension and the feedback, in a section of video", () => {
    for (const missing of [/^a=extmap:3.*\r\n/m, /^a=rtcp-fb:96 transport-cc\r\n/m]) {
      assert.ok(!hasTransportFeedback(REMOTE.replace(missing, "")));
    }
    assert.ok(!hasTransportFeedback(REMOTE.replace("m=video", "m=audio")));
  });
});

describe("the limits of a search", () => {
  test("are what is searched for, the first time and each time that it is more", () => {
    for (const mustRise of [true, false]) {
      assert.deepEqual(searchLimits(150_000, null, mustRise), [150_000]);
      assert.deepEqual(searchLimits(450_000, 150_000, mustRise), [450_000]);
    }
  });

  test("go down before they rise, where the last one still holds and was as high", () => {
    for (const former of [150_000, 149_500, 450_000]) {
      assert.deepEqual(searchLimits(150_000, former, true), [149_000, 150_000]);
    }
  });

  test("only differ from the last one elsewhere", () => {
    assert.deepEqual(searchLimits(150_000, 450_000, false), [150_000]);
    assert.deepEqual(searchLimits(150_000, 150_000, false), [149_000]);
    assert.deepEqual(searchLimits(150_000, 149_000, false), [150_000]);
  });
});
