// The requests that the page sends for the user's actions, and the sentence that the user reads after a refusal.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Actions, type VoiceSetting } from "../../../plugin/ui/actions.ts";
import { type Link, LinkError } from "../../../plugin/ui/link/page-link.ts";
import { callWithBob } from "../../support/fakes/scripted-host.ts";

/** Records requests and answers each with null, or with `refusal`. */
function createActions(refusal?: LinkError) {
  const requests: [method: string, params: unknown][] = [];
  const failures: string[] = [];
  const link: Pick<Link, "request" | "restartPlugin"> = {
    request(method, params) {
      requests.push([method, params]);
      return refusal ? Promise.reject(refusal) : Promise.resolve(null as never);
    },
    restartPlugin: () => Promise.resolve(),
  };
  return { actions: new Actions(link, (sentence) => failures.push(sentence)), requests, failures };
}

describe("voice settings", () => {
  for (const setting of ["echoCancellation", "noiseSuppression", "automaticGain"] satisfies VoiceSetting[]) {
    test(`${setting} changes this one setting and no device`, async () => {
      const { actions, requests } = createActions();
      assert.equal(await actions.setVoiceSetting(setting, false), true);
      assert.deepEqual(requests, [["settings.update", { settings: { [setting]: false } }]]);
    });
  }

  test("a refused setting is reported and returns false", async () => {
    const issues = [{ field: "settings.automaticGain", value: "7", expected: "a boolean" }];
    const refusal = new LinkError("invalidParams", "refused", { method: "settings.update", issues });
    const { actions, requests, failures } = createActions(refusal);
    assert.equal(await actions.setVoiceSetting("automaticGain", true), false);
    assert.equal(requests.length, 1);
    assert.deepEqual(failures, ["This setting was not changed, because its new value is not allowed."]);
  });
});

describe("device choice", () => {
  test("in a call the running call switches its device", async () => {
    const { actions, requests } = createActions();
    await actions.useDevice(callWithBob(), "microphone", "mic-2");
    const params = { callId: "call-of-test", kind: "microphone", deviceId: "mic-2" };
    assert.deepEqual(requests, [["call.useDevice", params]]);
  });

  test("without a call the device is set for the next one", async () => {
    const { actions, requests } = createActions();
    await actions.useDevice(undefined, "camera", "usb-cam");
    assert.deepEqual(requests, [["settings.update", { settings: { camera: "usb-cam" } }]]);
  });
});
