// What an integrator gets for a misspelt setting.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { issuesOf, methods, settingsSchema } from "../../../rpc-schema/index.ts";

describe("an unknown setting", () => {
  const expectedOf = (settings: object) => {
    const value = { settings };
    const { params } = methods["settings.update"];
    const checked = params.safeParse(value);
    assert.ok(checked.error);
    return issuesOf(checked.error, value, params)[0]?.expected;
  };

  test("is refused with the nearest setting, at every depth", () => {
    const cases: [object, string][] = [
      [{ camra: "none" }, "camera"],
      [{ Microphone: "none" }, "microphone"],
      [{ iceServer: [] }, "iceServers"],
      [{ signalling: { listn: [] } }, "listen"],
      [{ picture: { widht: 640 } }, "width"],
      [{ iceServers: [{ urls: "stun:a.example", user: "x", usernam: "x" }] }, "username"],
    ];
    for (const [settings, meant] of cases) {
      const value = { settings };
      const { params } = methods["settings.update"];
      const { error } = params.safeParse(value);
      assert.ok(error, JSON.stringify(settings));
      const texts = issuesOf(error, value, params).map(({ expected }) => expected);
      assert.ok(texts.includes(`no field of this name (did you mean ${meant}?)`), texts.join());
    }
  });

  test("without a similar setting, or of any length, is refused without a guess", () => {
    for (const name of ["wallpaper", "x", "c".repeat(100_000)]) {
      assert.equal(expectedOf({ [name]: 1 }), "no field of this name");
    }
    const { error } = settingsSchema.safeParse({ camra: 1 });
    assert.ok(error);
    assert.equal(issuesOf(error, { camra: 1 })[0]?.expected, "no field of this name");
  });
});
