// Opens a page that was written for Goop² in a browser, served by a real host, and acts as its user.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Host, startHost } from "../../../plugin/host/host.ts";
import { ownAddress } from "../../../plugin/host/pair.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { SMALL_PICTURE } from "../fakes/small-picture.ts";
import type { Browser } from "./browser.ts";

export interface GoopPage {
  readonly host: Host;
  readonly browser: Browser;
  readonly peerId: string;
  /** Waits until an element's value is this. */
  shows(id: "phase" | "state" | "ended", value: string): Promise<void>;
  /** Types the peer's id and presses the button. */
  call(peer: GoopPage, button?: "call" | "call-audio"): Promise<void>;
  /** @returns the plugin's only call */
  info(): Promise<CallInfo>;
  /** Waits until the plugin's only call fits. */
  untilCall(fits: (call: CallInfo) => boolean): Promise<void>;
  /** Reloads the page, as its user would. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

const FIXTURES = new URL("../../browser/fixtures/", import.meta.url);

export async function openGoopPage(label: string, startBrowser: () => Promise<Browser>): Promise<GoopPage> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    // A plugin that continues a call after a crash needs the key of the previous one, so both use one data folder.
    const dataDir = await mkdtemp(join(tmpdir(), "goop-page-"));
    cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
    const host = await startGoopHost(label, dataDir);
    cleanups.push(() => host.stop());
    const browser = await startBrowser();
    cleanups.push(() => browser.close());
    await browser.open(host.url.replace("/#", "/goop-page.html#"));
    await ownAddress(host);
    return pageOf(host, browser, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startGoopHost(label: string, dataDir: string): Promise<Host> {
  return await startHost({
    label,
    dataDir,
    files: new Map([
      [
        "/goop-page.html",
        { body: await readFile(new URL("goop-page.html", FIXTURES)), type: "text/html; charset=utf-8" },
      ],
      [
        "/goop-page.js",
        { body: await readFile(new URL("goop-page.js", FIXTURES)), type: "text/javascript; charset=utf-8" },
      ],
    ]),
    settings: {
      camera: "test-pattern",
      microphone: "tone",
      speaker: "none",
      iceServers: [],
      picture: SMALL_PICTURE,
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
    },
  });
}

function pageOf(host: Host, browser: Browser, close: () => Promise<void>): GoopPage {
  const info = async (): Promise<CallInfo> => {
    const [call] = (await host.plugin.request("call.list", {})).calls;
    if (!call) throw new Error("the plugin has no call");
    return call;
  };
  return {
    host,
    browser,
    peerId: host.state.signalling?.peerId ?? "",
    shows: (id, value) =>
      browser.waitForSource(`() => document.getElementById("${id}")?.value === ${JSON.stringify(value)}`),
    async call(peer, button = "call") {
      await browser.execute((id: string) => {
        const field = document.getElementById("peer");
        if (field instanceof HTMLInputElement) field.value = id;
      }, peer.peerId);
      await browser.click(`#${button}`);
    },
    info,
    untilCall: (fits) =>
      new Promise((resolve, reject) => {
        const off = host.plugin.onNotification("call.changed", (call) => {
          if (!fits(call)) return;
          off();
          resolve();
        });
        info().then((call) => {
          if (!fits(call)) return;
          off();
          resolve();
        }, reject);
      }),
    async reload() {
      await browser.execute(() => {
        document.body.id = "old";
        location.reload();
      });
      await browser.waitForSource(
        `() => document.body && document.body.id !== "old" && globalThis.Goop !== undefined`,
      );
    },
    close,
  };
}

/** Makes each a contact of the other. */
export async function introducePages(one: GoopPage, other: GoopPage): Promise<void> {
  await one.host.plugin.request("contacts.add", { address: await ownAddress(other.host) });
  await other.host.plugin.request("contacts.add", { address: await ownAddress(one.host) });
}
