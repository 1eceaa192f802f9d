// The contract of every CameraPortal, for the desktop's and the fake. Its desktop has a camera, and remembers no permission.

import assert from "node:assert/strict";
import { closeSync, fstatSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import type { CameraPortal } from "../../../plugin/camera/portal/camera-portal.ts";

export interface CameraPortalSubject {
  open(onChange: () => void): CameraPortal;
  /** The question to the user that is open, or the next one. */
  question(): Promise<{ allow(): void; refuse(): void; readonly closed: Promise<void> }>;
  /** Questions so far. */
  questions(): number;
  crash(): Promise<void>;
  restart(): Promise<void>;
}

export function cameraPortalContract(
  name: string,
  { open, question, questions, crash, restart }: CameraPortalSubject,
) {
  describe(`the cameras' portal: ${name}`, { timeout: 300_000 }, () => {
    const opened: CameraPortal[] = [];
    afterEach(() => {
      for (const portal of opened.splice(0)) portal.close();
    });

    async function ready(onChange: (portal: CameraPortal) => void = () => undefined): Promise<CameraPortal> {
      const portal: CameraPortal = open(() => onChange(portal));
      opened.push(portal);
      await portal.ready();
      return portal;
    }

    test("knows that there is a camera without asking the user", async () => {
      const before = questions();
      const portal = await ready();
      assert.deepEqual([portal.isPresent(), portal.problem(), questions()], [true, null, before]);
    });

    test("gives a descriptor when the user allows it, and the next one without a question", async () => {
      const portal = await ready();
      const access = portal.access();
      (await question()).allow();
      const first = await access;
      const before = questions();
      const second = await portal.access();
      assert.equal(questions(), before);
      assert.notEqual(first, second);
      for (const descriptor of [first, second]) {
        fstatSync(descriptor);
        closeSync(descriptor);
      }
    });

    test("fails with EACCES when the user refuses", async () => {
      const portal = await ready();
      const refused = assert.rejects(portal.access(), {
        name: "CaptureError",
        errno: "EACCES",
        path: "portal:camera",
      });
      (await question()).refuse();
      await refused;
      assert.equal(portal.isPresent(), true);
    });

    test("closes the question when the request is withdrawn, or the portal is closed", async () => {
      for (const end of ["withdrawal", "close"]) {
        const portal = await ready();
        const withdrawal = new AbortController();
        const failed = assert.rejects(
          portal.access(withdrawal.signal),
          end === "close" ? { errno: "ECONNRESET" } : { message: "not any more" },
        );
        const { closed } = await question();
        if (end === "close") portal.close();
        else withdrawal.abort(new Error("not any more"));
        await failed;
        await closed;
      }
    });

    test("fails when it ends while it asks, has no camera until it is back, and asks then", async () => {
      const changes: boolean[] = [];
      const portal = await ready((changed) => changes.push(changed.isPresent()));
      const failed = assert.rejects(portal.access(), { name: "CaptureError", errno: "ECONNRESET" });
      await question();
      await crash();
      await failed;
      assert.equal(portal.isPresent(), false);
      assert.equal(portal.problem(), "has ended");
      await restart();
      const access = portal.access();
      (await question()).allow();
      closeSync(await access);
      assert.deepEqual([changes, portal.problem()], [[true, false, true], null]);
    });
  });
}
