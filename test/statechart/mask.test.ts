// A masked log contains no secret, no address and no device name, and still replays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { Mask } from "../../statecharts/index.ts";

const SDP = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "a=ice-ufrag:hT7k",
  "a=ice-pwd:q8Zt0bCw1vN4yUoXeR2mKs7d",
  "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF",
  "a=candidate:1 1 udp 2122260223 192.168.17.42 50004 typ host",
  "a=candidate:2 1 udp 2122260222 2001:db8:85a3::8a2e:370:7334 50005 typ host ufrag hT7k",
  "a=candidate:3 1 udp 2122260221 3f2c9c1e-6d1c-4c53-9f4d-0a5c6a0e7d11.local 50006 typ host",
  "a=candidate:4 1 udp 1686052607 203.0.113.9 50004 typ srflx raddr 192.168.17.42 rport 50004",
].join("\r\n");

const SECRETS = [
  "hT7k",
  "q8Zt0bCw1vN4yUoXeR2mKs7d",
  "4A:AD:B9",
  "192.168.17.42",
  "203.0.113.9",
  "2001:db8",
  "3f2c9c1e",
  "Logitech",
  "/dev/v4l",
  "by-id",
  "hunter2",
  "turn-user",
  "Alice's headset",
  "Alice Liddell",
];

const CAMERA = { id: "/dev/v4l/by-id/usb-Logitech_C920-index0", name: "Logitech C920", isDefault: true };

const event = (type: string, fields: object): ChartLogEntry => ({
  kind: "event",
  t: 0,
  to: "callManager",
  from: null,
  origin: "remote",
  event: { type, ...fields },
});

const LOG: ChartLogEntry[] = [
  event("devices.changed", {
    devices: {
      cameras: [CAMERA],
      microphones: [{ id: "Alice's headset", name: "Alice's headset", isDefault: false }],
    },
  }),
  event("signal.received", { from: "12D3KooWPeer", signal: { type: "call-offer", sdp: SDP } }),
  event("signal.received", {
    signal: {
      type: "ice-candidate",
      candidate: { candidate: SDP.split("\r\n")[5], usernameFragment: "hT7k" },
    },
  }),
  event("device.cameraLost", {
    why: "VIDIOC_DQBUF on /dev/video0 (Logitech C920): ENODEV",
    deviceId: CAMERA.id,
  }),
  event("settings.changed", {
    settings: {
      camera: CAMERA.id,
      microphone: "auto",
      iceServers: [{ urls: ["turn:203.0.113.9:3478"], username: "turn-user", credential: "hunter2" }],
    },
  }),
  {
    kind: "step",
    t: 1,
    id: "callManager/call:c/media",
    event: "device.cameraLost",
    status: "active",
    value: "on",
    changed: {
      camera: { open: null, tried: [CAMERA.id], first: CAMERA.id, why: "Logitech C920 was unplugged" },
      peerLabel: "Alice Liddell",
    },
    taken: [],
    actions: [],
  },
];

const masked = () => {
  const mask = new Mask();
  return LOG.map((entry) => mask.entry(entry));
};

describe("a masked log", () => {
  test("contains none of the secrets, addresses, names and device ids", () => {
    const text = JSON.stringify(masked());
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} is left in ${text}`);
  });

  test("keeps types, kinds of candidates, ports, built-in choices and errno", () => {
    const text = JSON.stringify(masked());
    for (const kept of ["call-offer", "typ srflx", "50004", "auto", "ENODEV", "12D3KooWPeer"]) {
      assert.ok(text.includes(kept), kept);
    }
  });

  test("masks equal texts by equal placeholders and different texts by different ones", () => {
    const mask = new Mask();
    const [one, again, other] = ["192.0.2.1", "192.0.2.1", "192.0.2.2"].map((text) =>
      mask.value(`at ${text}`),
    );
    assert.equal(one, again);
    assert.notEqual(one, other);
    assert.equal(mask.value(CAMERA.id, "deviceId"), mask.value([CAMERA.id], "tried")?.[0 as never]);
  });

  test("does not change when it is masked again", () => {
    const mask = new Mask();
    const once = masked();
    assert.deepEqual(once.map((entry) => mask.entry(entry)).map(countless), once.map(countless));
  });

  test("holds a bounded number of texts, however many a peer sends, and hides the others too", () => {
    const mask = new Mask();
    const first = mask.value("at 192.0.2.1");
    assert.equal(mask.value(`a=ice-ufrag:${"x".repeat(300)}`), "a=ice-ufrag:<ufrag other>");
    for (let sent = 0; sent < 11_000; sent++)
      mask.value(`10.${sent >> 16}.${(sent >> 8) & 255}.${sent & 255}`);
    assert.equal(mask.value("at 203.0.113.9"), "at <address other>");
    assert.equal(mask.value("<address other>", "deviceId"), "<address other>");
    assert.equal(mask.value("at 192.0.2.1"), first);
  });

  test("does not change the original", () => {
    const before = JSON.stringify(LOG);
    masked();
    assert.equal(JSON.stringify(LOG), before);
  });
});

/** A second masking may use other numbers, but must keep the structure. */
const countless = (entry: ChartLogEntry) => JSON.stringify(entry).replaceAll(/<([a-z]+) \d+>/g, "<$1>");
