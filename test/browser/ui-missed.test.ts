// The missed calls on the call page, controlled by clicks, with the scripted plugin.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MissedCaller } from "../../rpc-schema/index.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, callWithBob } from "../support/fakes/scripted-host.ts";

const EVE = "12D3KooWEveEveEveEveEveEveEveEveEveEveEveEveEve";
const ofBob: MissedCaller = {
  peerId: BOB,
  peerLabel: "a former name",
  media: "audio",
  count: 3,
  unseen: 2,
  firstAt: 1_700_000_000_000,
  lastAt: 1_700_000_100_000,
};
const ofEve: MissedCaller = {
  ...ofBob,
  peerId: EVE,
  peerLabel: "<b>Eve</b>",
  media: "video",
  count: 1,
  unseen: 1,
};

describe("missed calls on the call page", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;

  test("are counted in a badge, and marked as seen once the list is opened", async () => {
    assert.equal(await at("missed").isVisible(), false);
    script({ do: "missed", missed: [ofBob, ofEve] });
    await at("missed-badge").getByText("3").waitFor();
    assert.equal(await at("missed-list").isVisible(), false);
    await at("missed").locator("summary").click();
    await at(`missed-${BOB}`).getByText("Bob Cratchit").waitFor();
    await at(`missed-${BOB}`).getByText("3 calls, the last one").waitFor();
    await at(`missed-${EVE}`).getByText("<b>Eve</b>").waitFor();
    await requested(/^calls\.seen \{"until":1700000100000\}/);
    await at("missed-badge").waitFor({ state: "hidden" });
  });

  test("call back with one click and the media of the last call, while there is no other call", async () => {
    script({ do: "missed", missed: [ofEve] });
    await at("missed").locator("summary").click();
    const back = at(`missed-${EVE}`).getByTestId("call-back");
    assert.equal(await back.getAttribute("aria-label"), "Call <b>Eve</b> back with video");
    await back.click();
    await requested(new RegExp(`^call\\.start .*"peerId":"${EVE}","media":"video"`));
    await ui.showsPhase("requesting");
    assert.equal(await back.isDisabled(), true);
  });

  test("are there again on a page that is loaded later", async () => {
    script({ do: "missed", missed: [ofBob] });
    await at("missed-badge").getByText("2").waitFor();
    await ui.page().reload();
    await at("missed-badge").getByText("2").waitFor();
  });

  test("leave the page's title to a call that rings", async () => {
    script({ do: "missed", missed: [ofBob] });
    const call = callWithBob({ direction: "incoming", phase: "ringing", connectedAt: undefined });
    script({ do: "call", isIncoming: true, call });
    await at("incoming-dialog").waitFor();
    assert.equal(await ui.page().title(), "Bob Cratchit is calling");
  });
});
