// A call between two real plugin processes, each with a page in a real browser, controlled by clicks only. The stamps on the
// remote canvas verify the video, and the recorded speakers verify the sound.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";
import {
  readStampOf,
  stampDelayMs,
  startRecording,
  takeDrawn,
  waitForDrawn,
} from "../support/pictures/stamp-reader.ts";
import { assertHears } from "../support/sound/assert-hears.ts";
import { type Pulse, startPulse } from "../support/sound/pulse.ts";

const SCREENSHOTS = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const FRAMES = 60;
/** A frame older than this would not show the running call. */
const LIVE_MS = 5_000;
const TONE_LEVEL = 0.25;

const id = (testId: string) => `[data-testid="${testId}"]`;
/** The phase is not always visible, so this reads its attribute instead of waiting for a visible element. */
const reached = (browser: Browser, phase: string) =>
  browser.waitForSource(
    `() => document.querySelector('${id("call-phase")}')?.dataset.phase === ${JSON.stringify(phase)}`,
  );

interface Person {
  readonly host: Host;
  readonly browser: Browser;
  readonly pulse: Pulse;
  readonly toneHz: number;
}

describe("a call by clicks, between WebKitGTK and Chromium", () => {
  const people: Partial<Record<"alice" | "bob", Person>> = {};

  async function startPerson(
    label: string,
    toneHz: number,
    startBrowser: () => Promise<Browser>,
  ): Promise<Person> {
    const pulse = await startPulse();
    const host = await startHost({
      label,
      env: pulse.env,
      settings: {
        camera: "test-pattern",
        microphone: "tone",
        toneHz,
        speaker: "auto",
        ringtone: "off",
        iceServers: [],
        picture: SMALL_PICTURE,
        signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      },
    });
    const browser = await startBrowser();
    await browser.resize(1400, 900);
    await browser.open(host.url);
    return { host, browser, pulse, toneHz };
  }

  before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    people.alice = await startPerson("Alice", 440, startWebKit);
    people.bob = await startPerson("Bob", 660, startChromium);
    await people.alice.host.plugin.request("contacts.add", { address: await ownAddress(people.bob.host) });
    await people.bob.host.plugin.request("contacts.add", { address: await ownAddress(people.alice.host) });
  });
  after(async () => {
    for (const person of Object.values(people)) {
      await person.browser.close();
      await person.host.stop();
      await person.pulse.stop();
    }
  });

  const person = (name: "alice" | "bob"): Person => {
    const one = people[name];
    assert.ok(one, `${name} did not start`);
    return one;
  };
  const peerIdOf = ({ host }: Person): string => host.state.signalling?.peerId ?? "";

  async function assertSees({ browser }: Person): Promise<void> {
    await startRecording(browser);
    await waitForDrawn(browser, "remote", FRAMES);
    const remote = (await takeDrawn(browser)).filter(({ source }) => source === "remote");
    const stamps = remote.flatMap(({ stamp, drawnAt }) => (stamp ? [{ stamp, drawnAt }] : []));
    assert.ok(
      stamps.length >= remote.length * 0.9,
      `${stamps.length} of ${remote.length} stamps could be read`,
    );
    const delays = stamps.map(({ stamp, drawnAt }) => stampDelayMs(stamp.ticks, drawnAt));
    assert.ok(
      delays.every((delay) => delay > 0 && delay < LIVE_MS),
      `delays ${delays.map(Math.round)}`,
    );
    const numbers = new Set(stamps.map(({ stamp }) => stamp.sequence));
    assert.ok(numbers.size >= stamps.length * 0.9, "the same frames were drawn repeatedly");
  }

  for (const [caller, callee] of [
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const) {
    test(`${caller} calls ${callee}, both see and hear each other, and ${callee} hangs up`, async (t) => {
      const from = person(caller);
      const to = person(callee);
      await from.browser.click(`${id("call-video")}[data-peer="${peerIdOf(to)}"]`);
      await to.browser.waitFor(id("incoming-dialog"));
      await reached(from.browser, "ringing");
      await to.browser.click(id("accept-video"));
      await Promise.all([reached(from.browser, "connected"), reached(to.browser, "connected")]);
      await Promise.all([assertSees(from), assertSees(to)]);
      await assertHears(t, to.pulse, { hz: from.toneHz, level: TONE_LEVEL });
      await assertHears(t, from.pulse, { hz: to.toneHz, level: TONE_LEVEL });
      await Promise.all(
        [from, to].map(({ browser }) =>
          browser.screenshot(`${SCREENSHOTS}call-${browser.name}-${caller}.png`),
        ),
      );

      await from.browser.click(id("camera-toggle"));
      await to.browser.waitFor(id("remote-camera-off"));
      await from.browser.click(id("camera-toggle"));
      await startRecording(to.browser);
      await waitForDrawn(to.browser, "remote", 1);
      assert.notEqual(await readStampOf(to.browser, id("remote-canvas")), null);

      await to.browser.click(id("hangup"));
      await from.browser.waitFor(id("end-notice"));
      assert.match(await from.browser.text(id("end-reason")), /hung up|ended/i);
      await from.browser.click(id("end-dismiss"));
      await to.browser.waitFor(id("end-notice"));
      await to.browser.click(id("end-dismiss"));
    });
  }
});
