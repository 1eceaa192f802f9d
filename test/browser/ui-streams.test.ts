// The page when it is not alone, and when the machine's clock is set: many windows share a call's streams, and two answer one call.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallPage, openCallPage } from "../support/browser/call-page.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { callWithBob } from "../support/fakes/scripted-host.ts";

/** Each window has two streams, and a call has sixteen at most. */
const WINDOWS_SERVED = 8;
const NOTICE =
  "Other windows show this call's pictures. This one shows them when one of the others is closed.";

describe("several windows of one host", () => {
  const ui = useCallPage();
  const { at, script } = ui;
  const openWindow = (): Promise<CallPage> => openCallPage(ui.browser(), ui.scripted().host.url);
  const showsVideo = ({ page }: CallPage, source: string) =>
    page.locator(`[data-testid="${source}-canvas"][data-shown="true"]`).waitFor();

  test("the ninth waits, says why, and shows the pictures when another one is closed", async () => {
    script({ do: "call", call: callWithBob() });
    await Promise.all([ui.showsVideo("remote"), ui.showsVideo("local")]);
    const others: CallPage[] = [];
    try {
      while (others.length < WINDOWS_SERVED - 1) {
        const other = await openWindow();
        others.push(other);
        await Promise.all([showsVideo(other, "remote"), showsVideo(other, "local")]);
      }
      const last = await openWindow();
      others.push(last);
      await last.at("remote-wait").getByText(NOTICE).waitFor();
      assert.equal(await last.at("toast").isVisible(), false);
      await others.shift()?.close();
      await Promise.all([showsVideo(last, "remote"), showsVideo(last, "local")]);
      await last.at("remote-wait").waitFor({ state: "hidden" });
    } finally {
      for (const other of others) await other.close();
    }
  });

  test("an answer that comes second says that another window has answered", async () => {
    const ringing = { direction: "incoming", phase: "ringing", connectedAt: undefined } as const;
    script({ do: "call", isIncoming: true, call: callWithBob(ringing) });
    await at("accept-video").waitFor();
    script({ do: "refuse", method: "call.accept", code: 1102, kind: "wrongCallState" });
    await at("accept-video").click();
    await at("toast").getByText("The call was answered in another window.").waitFor();
  });
});

describe("the duration of a call", () => {
  const ui = useCallPage();
  const { at, script } = ui;

  test("counts on when the machine's clock is set", async () => {
    const connectedAt = Date.now() - 65_000;
    script({ do: "call", call: callWithBob({ connectedAt }) });
    await at("call-time").getByText(/^1:/).waitFor();
    for (const stepMs of [86_400_000, -7_200_000]) {
      await ui.page().clock.setFixedTime(new Date(Date.now() + stepMs));
      const before = await ui.text("call-time");
      // The display follows a timer.
      await ui
        .page()
        .waitForFunction(
          (last) => document.querySelector('[data-testid="call-time"]')?.textContent !== last,
          before,
        );
      assert.match(await ui.text("call-time"), /^1:\d\d$/);
    }
  });
});
