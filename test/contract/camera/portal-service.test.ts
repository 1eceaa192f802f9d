// What portals of other versions and desktops answer: a service of this test takes the portal's place on a private bus.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { Message, type MessageBus, MessageType, Variant } from "@jellybrick/dbus-next";
import { loadPipeWire } from "../../../native/pipewire.ts";
import { type CameraPortal, createCameraPortal } from "../../../plugin/camera/portal/camera-portal.ts";
import { openDescriptorBus } from "../../../plugin/dbus/bus.ts";
import { within } from "../../support/camera/taken-frames.ts";
import { busAddressIn, connectToBus, startBus } from "../../support/desktop/private-bus.ts";

const NAME = "org.freedesktop.portal.Desktop";
const CAMERA = "org.freedesktop.portal.Camera";
const PATH = "/org/freedesktop/portal/desktop";
const REQUEST = `${PATH}/request/1`;
const DENIED = "org.freedesktop.portal.Error.NotAllowed";

const { openDescriptorSocket } = loadPipeWire();
const folder = await mkdtemp(join(tmpdir(), "goop-portal-service-"));
const bus = await startBus(folder, "session");
after(async () => {
  await bus.end();
  await rm(folder, { recursive: true, force: true });
});
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Answers {
  /** Null: the portal has no interface for cameras. */
  isPresent?: boolean | null;
  /** Of AccessCamera, or the text of its error. */
  access?: number | string;
}

/** A portal that never gives a descriptor. */
async function startService({ isPresent = true, access = 0 }: Answers = {}) {
  const own = await connectToBus(busAddressIn(folder));
  ends.push(() => own.disconnect());
  let present = isPresent;
  own.addMethodHandler((message: Message) => {
    const { member, interface: of } = message;
    if (member === "Ping" || member === "Close") reply(own, message);
    else if (member === "GetAll" && present === null) refuse(own, message, `No such interface ${CAMERA}`);
    else if (member === "GetAll")
      reply(own, message, "a{sv}", [{ IsCameraPresent: new Variant("b", present) }]);
    else if (of === CAMERA && member === "AccessCamera" && typeof access === "number") {
      signal(own, REQUEST, ["org.freedesktop.portal.Request", "Response"], "ua{sv}", [access, {}]);
      reply(own, message, "o", [REQUEST]);
    } else refuse(own, message, typeof access === "string" ? access : "Permission denied");
    return true;
  });
  await own.requestName(NAME);
  return {
    setPresent(next: boolean) {
      present = next;
      const changed = { IsCameraPresent: new Variant("b", next) };
      const from = ["org.freedesktop.DBus.Properties", "PropertiesChanged"] as const;
      signal(own, PATH, from, "sa{sv}as", [CAMERA, changed, []]);
    },
    end: () => own.disconnect(),
  };
}

function reply(own: MessageBus, to: Message, signature = "", body: unknown[] = []): void {
  own.send(Message.newMethodReturn(to, signature, body));
}

function refuse(own: MessageBus, to: Message, text: string): void {
  own.send(Message.newError(to, DENIED, text));
}

function signal(
  own: MessageBus,
  path: string,
  [from, member]: readonly [string, string],
  signature: string,
  body: unknown[],
): void {
  own.send(new Message({ type: MessageType.SIGNAL, path, interface: from, member, signature, body }));
}

/** Its changes, each once. */
async function connected(reconnectMs: readonly number[] = []) {
  const changes: boolean[] = [];
  let wake: () => void = () => undefined;
  const portal: CameraPortal = createCameraPortal({
    connect: (onClosed) => openDescriptorBus(busAddressIn(folder), openDescriptorSocket, onClosed),
    onChange() {
      changes.push(portal.isPresent());
      wake();
    },
    ...{ log: () => undefined, reconnectMs },
  });
  ends.push(() => portal.close());
  await portal.ready();
  async function next(): Promise<boolean | undefined> {
    while (changes.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return changes.shift();
  }
  return { portal, next: () => within("a change", next()) };
}

describe("a portal for cameras", { timeout: 300_000 }, () => {
  test("whose desktop gets or loses its last camera is followed", async () => {
    const service = await startService({ isPresent: false });
    const { portal, next } = await connected();
    assert.match(portal.problem() ?? "", /^knows of no camera/);
    service.setPresent(true);
    assert.deepEqual([await next(), portal.problem()], [true, null]);
    service.setPresent(false);
    assert.equal(await next(), false);
  });

  test("that lacks its part for the desktop, or is not there, says so", async () => {
    const missing = await connected();
    assert.deepEqual(missing.portal.isPresent(), false);
    assert.match(missing.portal.problem() ?? "", /^cannot be used: .*org\.freedesktop\.portal\.Desktop/);
    await assert.rejects(missing.portal.access(), { name: "CaptureError", errno: "EACCES" });
    await startService({ isPresent: null });
    const { portal } = await connected();
    assert.match(
      portal.problem() ?? "",
      /^has no cameras, .*part for this desktop is missing: No such interface/,
    );
  });

  test("that ends is connected to again, and once more if it is not back yet", async () => {
    const service = await startService();
    const { next } = await connected(Array(1_000).fill(20));
    assert.equal(await next(), true);
    service.end();
    assert.equal(await next(), false);
    await startService();
    assert.equal(await next(), true);
  });

  test("that allows the camera and then gives no connection refuses it, as where cameras are locked", async () => {
    const cases: [number | string, RegExp][] = [
      [0, /^The desktop's portal gives no camera: Permission denied$/],
      ["Camera access disabled", /gives no camera: Camera access disabled$/],
      [1, /^The use of the camera was refused/],
      [2, /^The desktop ended its dialog and allowed no camera$/],
    ];
    for (const [access, message] of cases) {
      const service = await startService({ access });
      const { portal } = await connected();
      await assert.rejects(portal.access(), { name: "CaptureError", errno: "EACCES", message });
      portal.close();
      service.end();
    }
  });
});
