// Readers of what pages show: messages of the plugin that contain a peer's words, and event logs that somebody sent.

import { notificationText } from "../../../../plugin/alerts/notification-text.ts";
import { libraryInTheWay } from "../../../../plugin/common/library-path.ts";
import { initials } from "../../../../plugin/ui/components/avatar.ts";
import { isPlain } from "../../../../plugin/ui/error-sentences.ts";
import { readFrameLine } from "../../../../plugin/ui/link/frame-line-reader.ts";
import { isPlainReason } from "../../../../plugin/ui/notice-texts.ts";
import { sourceName } from "../../../../plugin/ui/screen/screen-texts.ts";
import { upgradeChartLog } from "../../../../statecharts/describe/former-logs.ts";
import { nameOf, shortId } from "../../../../statecharts/viewer/model/event-rows.ts";
import { readRecording } from "../../../../statecharts/viewer/model/read-file.ts";
import { parentPath } from "../../../../statecharts/viewer/model/story.ts";
import { actorText } from "../../../../statecharts/viewer/texts.ts";
import type { OutsideReader } from "../readers.ts";

const HEAD =
  '{"kind":"log","version":2,"plugin":{"name":"goop-call-plugin","version":"0.1.0"},"startedAt":1,"masked":true}\n';
const EVENT =
  '{"kind":"event","t":1,"to":"callManager","from":null,"origin":"remote","event":{"type":"signal.received"}}\n';

export const viewReaders: readonly OutsideReader[] = [
  {
    name: "name of a monitor",
    sources: ["plugin/ui/screen/screen-texts.ts"],
    seeds: ["HDMI-1", "Virtual monitor 2", "screen"],
    refusals: [],
    read: (name) => sourceName({ kind: "monitor", name }),
  },
  {
    name: "event log or bundle in the chart viewer",
    sources: ["statecharts/viewer/model/read-file.ts"],
    seeds: [HEAD + EVENT, '{"charts":[],"recorded":[],"masked":true}'],
    refusals: ["Error", "TypeError"],
    read: (text) => readRecording(text, "log"),
  },
  {
    name: "names in an event log",
    sources: [
      "statecharts/describe/former-logs.ts",
      "statecharts/viewer/model/event-rows.ts",
      "statecharts/viewer/model/story.ts",
      "statecharts/viewer/texts.ts",
    ],
    seeds: [
      "xstate.done.actor.0.link.recovering.asking",
      "desk/call:c1/link/0.link.x",
      "xstate.after.lostTimeout.a.b",
    ],
    refusals: [],
    read: (text) => [
      upgradeChartLog([
        { kind: "event", t: 0, to: text, from: text, origin: "remote", event: { type: text } },
        { kind: "log", version: 1, plugin: { name: "p", version: "0" }, startedAt: 1, masked: true },
      ]),
      ...[nameOf, shortId, parentPath, actorText].map((read) => read(text)),
    ],
  },
  {
    name: "frame lines in the page",
    sources: ["plugin/ui/link/frame-line-reader.ts"],
    seeds: [
      '{"jsonrpc":"2.0","method":"frame","params":{"stream":"s","seq":1,"capturedAt":1.5,"width":2,"height":3,"dataUrl":"data:a"}}',
    ],
    refusals: ["SyntaxError"],
    read: readFrameLine,
  },
  {
    name: "details of an error in the page",
    sources: ["plugin/ui/error-sentences.ts"],
    seeds: ["cannot read /etc/x.json: EACCES, see libfoo.so.1", "call.start failed: peerId is missing"],
    refusals: [],
    read: isPlain,
  },
  {
    name: "reason of a notice in the page",
    sources: ["plugin/ui/notice-texts.ts"],
    seeds: ["the camera is used by another program", "no codec VP8 in 4 packets, see /etc/x"],
    refusals: [],
    read: isPlainReason,
  },
  {
    name: "name in a notification of the desktop",
    sources: ["plugin/alerts/notification-text.ts"],
    seeds: ["Alice <b>Liddell</b>", "\u202e evil\n\u0007 name &amp;"],
    refusals: [],
    read: (text) =>
      notificationText({ callId: "c", peerId: "12D3KooW", peerLabel: text, media: "audio" }, true),
  },
  {
    name: "initials of a name",
    sources: ["plugin/ui/components/avatar.ts"],
    seeds: ["Alice B. Liddell", "日本 語"],
    refusals: [],
    read: initials,
  },
  {
    name: "reason why an engine does not load",
    sources: ["plugin/common/library-path.ts"],
    seeds: ["/usr/lib/libfoo.so.6: version `X' not found (required by /a/libbar.so)"],
    refusals: [],
    read: (text) => libraryInTheWay(text, "/lib", () => ["libother.so.1"]),
  },
];
