// The sentences that users read for errors: every error of the contract, refused fields, and texts of other programs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorSentence, isPlain, settingSentence } from "../../../plugin/ui/error-sentences.ts";
import { LinkError } from "../../../plugin/ui/link/page-link.ts";
import { methods, pluginNotifications, rpcErrorCodes } from "../../../rpc-schema/index.ts";
import { callMachine, callManagerMachine, linkMachine, mediaMachine } from "../../../statecharts/index.ts";

/** What a page must never show, whatever the plugin or the host answers. */
const HOSTILE = [
  'user.accept does not fit a call that is {"active":"connecting"}',
  'settings.picture.width is 7, expected one of "a", "b"',
  "TypeError: Cannot read properties of undefined (reading 'callId')",
  "the call's chart has no state `active.connecting`",
  "negotiationFailed",
  "[object Object]",
  "",
];
const SENTENCE = /^[A-Z][^{}[\]"`<>]*[.!?]$/;

/** Every name of the contract and of the charts. */
const NAMES = [
  ...Object.keys(rpcErrorCodes),
  ...Object.keys(methods),
  ...Object.keys(pluginNotifications),
  ...[callMachine, callManagerMachine, linkMachine, mediaMachine].flatMap(({ events }) => events),
].filter((name) => /[.A-Z]/.test(name));

function assertForUsers(sentence: string): void {
  assert.match(sentence, SENTENCE);
  for (const name of NAMES) assert.ok(!sentence.includes(name), `${name} in: ${sentence}`);
}

describe("for every error of the contract and every method", () => {
  for (const kind of [...Object.keys(rpcErrorCodes), "disconnected", "timeout", "-32099", "somethingNew"]) {
    test(`${kind} gives a sentence without names, quotes or JSON`, () => {
      for (const method of [...Object.keys(methods), "host.changeSettings", undefined]) {
        for (const message of HOSTILE) {
          const issues = [{ field: "settings.picture.width", value: '{"a":1}', expected: message }];
          const details = { ...(method === undefined ? {} : { method }), issues };
          assertForUsers(errorSentence(new LinkError(kind, message, details)));
          assertForUsers(settingSentence(new LinkError(kind, message, details)));
        }
      }
    });
  }

  test("a value that is no error of a link gives a sentence too", () => {
    for (const message of HOSTILE) {
      assertForUsers(errorSentence(new TypeError(message)));
      assertForUsers(errorSentence(message));
      assertForUsers(errorSentence({ message }));
    }
  });
});

test("a call that was answered twice says where it was answered", () => {
  for (const method of ["call.accept", "call.reject"]) {
    const error = new LinkError("wrongCallState", "the call is connecting", { method });
    assert.equal(errorSentence(error), "The call was answered in another window.");
  }
});

test("the reason why calls are impossible reads as the plugin wrote it", () => {
  const why =
    "the part that makes calls does not start: libyuv.so.0 is missing. Install it: sudo apt-get install libyuv0";
  const error = new LinkError("callsUnavailable", why, { method: "call.start" });
  assert.match(
    errorSentence(error),
    /^The part that makes calls does not start: libyuv\.so\.0 is missing\..*libyuv0\.$/,
  );
});

test("names of files, devices and environment variables are plain, names of this program are not", () => {
  for (const text of [
    "Nobody may open /dev/video0.",
    "The file /home/bob/.goop2/calls/identity.key cannot be read.",
    "LD_LIBRARY_PATH names another libturbojpeg.so.0.",
  ]) {
    assert.ok(isPlain(text), text);
  }
  for (const name of NAMES) assert.ok(!isPlain(`The ${name} failed.`), name);
});

describe("a refused setting", () => {
  const refused = (field: string, expected: string) =>
    settingSentence(
      new LinkError("invalidParams", "not changed", { issues: [{ field, value: "7", expected }] }),
    );

  test("names the wrong part in words, and what is allowed", () => {
    assert.equal(
      refused("largest_picture.width", "at least 64"),
      "Not changed. Expected for width: at least 64.",
    );
    assert.equal(
      refused("ice_servers.1.urls.0", "a stun: or turn: URL"),
      "Not changed. Expected for urls of entry 2: a stun: or turn: URL.",
    );
    assert.equal(refused("mode", 'one of "auto", "native"'), "Not changed. Expected: one of auto, native.");
  });

  test("gets a general sentence where the expectation is code", () => {
    assert.equal(refused("mode", '{"a":1}'), "Not changed, because this value is not allowed.");
    assert.equal(
      settingSentence(new LinkError("invalidParams", "x")),
      "Not changed, because this value is not allowed.",
    );
  });
});

test("an error with a sentence shows it for every method", () => {
  for (const method of ["call.start", "call.useDevice"]) {
    const error = new LinkError("unknownDevice", "no such device", { method });
    assert.equal(errorSentence(error), "This device is gone. Choose another one.");
  }
});

describe("invalid params", () => {
  const sentenceOf = (method: string, ...fields: string[]): string => {
    const issues = fields.map((field) => ({ field, value: '"x"', expected: "something else" }));
    return errorSentence(new LinkError("invalidParams", "refused", { method, issues }));
  };

  for (const [method, field, pattern] of [
    ["contacts.add", "address", /complete address.*\/p2p\//],
    ["call.start", "peerId", /^This contact cannot be called\.$/],
    ["call.useDevice", "deviceId", /^This device cannot be used/],
    ["settings.update", "settings.speaker", /^This device cannot be used/],
    ["settings.update", "settings.echoCancellation", /^This setting was not changed/],
    ["settings.update", "settings.picture.width", /^This setting was not changed/],
    ["frames.subscribe", "delivery", /^The pictures of this call cannot be shown/],
  ] as const) {
    test(`${method} refuses ${field}`, () => assert.match(sentenceOf(method, field), pattern));
  }

  const general = "The program that makes the calls refused this, so nothing was changed.";

  test("a field without a sentence, and an answer without fields, get the general sentence", () => {
    assert.equal(sentenceOf("call.setMicrophone", "on"), general);
    assert.equal(sentenceOf("contacts.add", "label"), general);
    assert.equal(sentenceOf("contacts.add"), general);
    assert.equal(errorSentence(new LinkError("invalidParams", "refused")), general);
  });

  test("only a refused address is called incomplete", () => {
    for (const method of ["call.start", "call.useDevice", "settings.update", "call.snapshot"]) {
      for (const field of ["address", "peerId", "deviceId", "settings.camera", "source"]) {
        assert.doesNotMatch(sentenceOf(method, field), /address/);
      }
    }
  });

  test("of several refused fields the first one with a sentence decides", () => {
    assert.match(sentenceOf("call.useDevice", "kind", "deviceId"), /^This device cannot be used/);
  });
});
