// The conformance suite catches hosts that break one rule. Each of them is the example host in Python with one change, and one
// scene has to fail.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { commandHost } from "../../../plugin/host/conformance/command-host.ts";
import { runScene } from "../../../plugin/host/conformance/scene.ts";
import { nameOf, scenes } from "../../../plugin/host/conformance/suite.ts";

const good = readFileSync(
  fileURLToPath(new URL("../../../plugin/host/example/python/host.py", import.meta.url)),
  "utf8",
);
/** A wait for what never comes ends after this time. Only the mutants wait that long. */
const WAIT_MS = 8_000;
/** They use little of a processor: most of them wait until that time has passed. */
const MUTANTS_AT_ONCE = 8;

/** What the host does wrong, the text of the good host, its replacement, and a part of the rule that is broken. */
type Mutant = readonly [wrong: string, found: string, replacement: string, rule: string];

const mutants: readonly Mutant[] = [
  ["offers no version", '"protocolVersions": [1, 2], ', "", "sends its versions and `carrier`"],
  ["gives no peer id", ', "carrier": {"selfId": self.self_id}', "", "sends its versions and `carrier`"],
  [
    "sends no contacts",
    'self.plugin.write(method="contacts.set", params={"contacts": []})',
    "pass",
    "sends its contacts",
  ],
  [
    "ends without shutdown",
    'concurrent.futures.wait([self.plugin.request("shutdown", {})], LEAVE_S)',
    "pass",
    "ends with `shutdown`",
  ],
  [
    "waits for a stuck plugin",
    "self.plugin.process.kill()",
    "pass",
    "ends also when the plugin does not answer",
  ],
  [
    "carries no signals during the shutdown",
    'if method != "signal.send":',
    'if self.is_stopping or method != "signal.send":',
    "carries signals until `shutdown` is answered",
  ],
  [
    "changes payloads",
    '"payload": sending.payload}',
    '"payload": {**sending.payload, "by": 1}}',
    "unchanged, and answers",
  ],
  [
    "answers before the acknowledgement",
    "        self.send(message, lambda is_sent: self.done(key, sending, is_sent))",
    "        self.send(message, lambda is_sent: None)\n        self.done(key, sending, True)",
    "unchanged, and answers null",
  ],
  [
    "hides that a peer is unreachable",
    "accept() if is_sent else refuse()",
    "accept()",
    "for a peer that it does not reach",
  ],
  ["answers after 7 s", "ANSWER_S = 5", "ANSWER_S = 7", "within 6 s where no acknowledgement comes"],
  ["has one queue for all topics", "self.lanes[key]", 'self.lanes["all"]', "no topic waits for another"],
  [
    "lets a hang-up overtake the message under way",
    "if is_first:",
    'if is_first or sending.payload.get("type") == "call-hangup":',
    "no hang-up overtakes",
  ],
  [
    "trusts the sender that a message claims",
    '"from": peerId',
    '"from": payload.get("from", peerId)',
    "with the sender that the connection proved",
  ],
  [
    "waits for the answer to a delivery",
    '"payload": payload})\n\n    def on_request',
    '"payload": payload}).result(60)\n\n    def on_request',
    "without waiting for answers",
  ],
  [
    "delivers messages of other topics",
    'not topic.startswith("call:") or topic.startswith("call:loopback:")',
    'topic.startswith("call:loopback:")',
    "on the topics of calls only",
  ],
  [
    "delivers what the host sends to itself",
    ' or topic.startswith("call:loopback:")',
    "",
    "on the topics of calls only",
  ],
  [
    "delivers a refused message again",
    '            self.plugin.request("signal.deliver", {"from": peerId, "topic": topic, "payload": payload})',
    '            again = {"from": peerId, "topic": topic, "payload": payload}\n' +
      '            first = self.plugin.request("signal.deliver", again)\n' +
      '            first.add_done_callback(lambda one: one.exception() and self.plugin.request("signal.deliver", again))',
    "of a message only once",
  ],
  [
    "hangs up for another reason",
    '"reason": "hostGone"',
    '"reason": "shutdown"',
    "when the plugin is killed",
  ],
  ["hangs up without a reason", ', "reason": "hostGone"', "", "when the plugin exits without a message"],
  ["does not hang up for a dead plugin", "if one[1] != kept]", "if False]", "when the plugin is killed"],
  [
    "hangs up a call that the peer has ended",
    '        elif payload.get("type") == "call-hangup":\n            self.calls.discard((peerId, topic))\n',
    "",
    "when the plugin is killed",
  ],
  [
    "hangs up a call that has ended",
    'elif method == "call.ended":',
    'elif method == "":',
    "when the plugin is killed",
  ],
  [
    "accepts unknown requests",
    'return plugin.fail(request_id, -32601, "methodNotFound", f"there is no method {method}")',
    "return plugin.write(id=request_id, result=None)",
    "continues after noise",
  ],
  ["accepts wrong params", "not TOPIC.fullmatch(topic) or ", "", "continues after noise"],
  ["ends at a line that is not JSON", "continue  #", "break  #", "continues after noise"],
  [
    "answers an answer",
    '        elif isinstance(message.get("id"), int) and',
    '        elif message.get("id") == 4711:\n            self.fail(4711, -32600, "invalidRequest", "")\n' +
      '        elif isinstance(message.get("id"), int) and',
    "continues after noise",
  ],
  [
    "gives the next plugin no snapshot",
    '{"resume": snapshot}',
    "{}",
    "starts another plugin with the last snapshot",
  ],
  [
    "gives the next plugin the first snapshot",
    "self.persisted = params",
    "self.persisted = self.persisted or params",
    "starts another plugin with the last snapshot",
  ],
  ["hangs up the call that is resumed", "if one[1] != kept]", "]", "hangs up all other calls"],
  [
    "resumes a call whose snapshot was withdrawn",
    "self.persisted = params",
    'self.persisted = params if params["snapshot"] else self.persisted',
    "whose snapshot was withdrawn",
  ],
];

describe("the conformance suite", { concurrency: MUTANTS_AT_ONCE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  after(() => rmSync(folder, { recursive: true }));

  for (const [index, [wrong, found, replacement, rule]] of mutants.entries()) {
    test(`catches a host that ${wrong}`, { timeout: 120_000 }, async () => {
      assert.ok(good.includes(found), "the good host has changed, so the mutant has to change too");
      const path = join(folder, `mutant-${index}.py`);
      writeFileSync(path, good.replaceAll(found, replacement));
      const [scene, ...others] = scenes.filter((one) => nameOf(one).includes(rule));
      assert.ok(scene && others.length === 0, `${rule} names one scene`);
      await assert.rejects(runScene(commandHost("python3", [path]), scene, WAIT_MS));
    });
  }

  test("has a mutant for every scene but those that tell two ways of dying apart", () => {
    const withoutMutant = scenes.filter(
      (scene) => !mutants.some(([, , , rule]) => nameOf(scene).includes(rule)),
    );
    assert.deepEqual(
      withoutMutant.map(({ rule }) => rule),
      ["ends when the plugin died and the peers are unreachable"],
    );
  });
});
