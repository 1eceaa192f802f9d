// Every state of the call page at three widths, light and dark, in both engines: compared with kept pictures, free of texts that
// overlap or are cut, and accessible. The README of test/ says how to renew the pictures and how to add a state.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isPlainReason } from "../../plugin/ui/notice-texts.ts";
import type { Browser } from "../support/browser/browser.ts";
import { compareWithKept, keptPath, MAX_DIFFERENCE } from "../support/browser/gallery/kept-pictures.ts";
import { engines, Sheet } from "../support/browser/gallery/sheet.ts";
import { aroundCalls, galleryStates } from "../support/browser/gallery/states.ts";

/** The screenshots, and for each state that differs a picture of the differences. */
const folder = fileURLToPath(new URL("../out/states/", import.meta.url));
/** The names of people and devices may have any signs. */
const NAMES = /Dr\. Maximiliane von und zu Hohenlohe-Langenburg|Bob Cratchit|Desk camera|Headset microphone/g;

for (const [engine, start] of Object.entries(engines)) {
  describe(`the page's states under ${engine}`, { timeout: 300_000 }, () => {
    let browser: Browser;
    let sheet: Sheet;
    before(async () => {
      await mkdir(join(folder, engine), { recursive: true });
      browser = await start();
      sheet = await Sheet.open(browser);
    });
    after(async () => {
      await sheet?.close();
      await browser?.close();
    });

    test("a hidden button, a cut and a covering text, and a faint one are found", async () => {
      const [idle] = aroundCalls;
      assert.ok(idle);
      await sheet.show(idle);
      const repair = await sheet.damage(
        ".call-button { visibility: hidden } .contact-status { margin-top: -15px } .own-name { width: 20px; overflow: hidden; white-space: nowrap } h2 { color: #ddd }",
      );
      const found = await sheet.misplaced();
      for (const pattern of [/“Alice Liddell” is cut/, /“Bob Cratchit” overlaps “Available”/]) {
        assert.ok(
          found.some((one) => pattern.test(one)),
          `${pattern} is not among ${found.join("; ")}`,
        );
      }
      if (engine === "chromium") assert.match((await sheet.violations()).join(), /360 dark|1400 light/);
      const picture = await sheet.picture(join(folder, engine, "damaged.png"));
      await repair();
      await sheet.leave(idle);
      const { difference } = await compareWithKept(keptPath(engine, "around-calls", "idle"), picture);
      assert.ok(difference > 1.5 * MAX_DIFFERENCE, `only ${difference} of a window differ`);
    });

    for (const [group, states] of Object.entries(galleryStates)) {
      for (const state of states) {
        test(`${state.name}: looks as kept, with every text whole and readable`, async (t) => {
          await sheet.show(state);
          const file = join(folder, engine, `${state.name}.png`);
          const picture = await sheet.picture(file);
          assert.deepEqual(await sheet.misplaced(), []);
          // The parts are the same in both engines. Chromium is the faster one.
          if (engine === "chromium") assert.deepEqual(await sheet.violations(), []);
          for (const notice of await sheet.notices()) {
            assert.ok(isPlainReason(notice.replaceAll(NAMES, "")), `not in plain words: ${notice}`);
          }
          await sheet.leave(state);
          const { difference, shown } = await compareWithKept(keptPath(engine, group, state.name), picture);
          t.diagnostic(`${(100 * difference).toFixed(1)} % of a window differ`);
          if (difference <= MAX_DIFFERENCE) return;
          await writeFile(file.replace(/\.png$/, "-differs.png"), shown());
          assert.fail(`${(100 * difference).toFixed(0)} % of a part of ${file} differ from the kept picture`);
        });
      }
    }
  });
}
