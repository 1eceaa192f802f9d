// One suite for the host link in memory and over the pipes of a process.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { describe, test } from "node:test";
import { frameLineRoute, type HostLink, HostLinkError } from "../../plugin/rpc/host-link.ts";
import { pluginNotifications, RpcError } from "../../rpc-schema/index.ts";
import { FRAME_BASE64, SPECIAL_TEXT } from "../support/fakes/link-handlers.ts";

export interface LinkedPlugin {
  readonly host: HostLink;
  /** The plugin's input, for lines that no well-behaved host writes. */
  readonly raw: Writable;
  /** Ends the plugin and waits for it. */
  end(): Promise<void>;
}

const SUBSCRIPTION = { callId: "c", source: "remote" } as const;

export function testHostLink(name: string, start: () => LinkedPlugin): void {
  const linked = (what: string, run: (plugin: LinkedPlugin) => Promise<void>) =>
    test(what, { timeout: 30_000 }, async () => {
      const plugin = start();
      try {
        await run(plugin);
      } finally {
        await plugin.end();
      }
    });

  describe(`host link over ${name}`, () => {
    linked("a request is answered, checked and typed", async ({ host }) => {
      assert.deepEqual(await host.request("contacts.list", {}), { contacts: [] });
    });

    linked("an error arrives as the RpcError that the plugin threw", async ({ host }) => {
      const asked = host.request("call.hangup", { callId: "c9" });
      await assert.rejects(asked, (error) => error instanceof RpcError && error.kind === "unknownCall");
      await assert.rejects(asked, /there is no call c9/);
    });

    linked("wrong params are refused with the field's name, and the next request works", async ({ host }) => {
      const asked = host.request("call.hangup", { callId: "" });
      await assert.rejects(
        asked,
        (error) =>
          error instanceof RpcError &&
          error.kind === "invalidParams" &&
          error.issues?.[0]?.field === "callId",
      );
      assert.deepEqual(await host.request("contacts.list", {}), { contacts: [] });
    });

    linked("text with special characters arrives unchanged", async ({ host }) => {
      const received = new Promise((resolve) =>
        host.onNotification("signalling.changed", ({ why }) => resolve(why)),
      );
      host.notify("initialized", {});
      assert.equal(await received, SPECIAL_TEXT);
    });

    linked("frame lines arrive unparsed and in order, and fit the schema", async ({ host }) => {
      const lines: Buffer[] = [];
      const three = new Promise<void>((resolve) => {
        host.onFrameLine((line) => {
          lines.push(line);
          if (lines.length === 3) resolve();
        });
      });
      await host.request("frames.subscribe", { ...SUBSCRIPTION, credit: 2 });
      host.notify("frames.ack", { stream: "s1", seq: 2 });
      await three;
      assert.deepEqual(
        lines.map(frameLineRoute),
        [1, 2, 3].map((seq) => ({ stream: "s1", seq })),
      );
      const { params } = JSON.parse(lines[2]?.toString() ?? "");
      const frame = pluginNotifications.frame.params.parse(params);
      assert.equal(frame.dataUrl, `data:image/jpeg;n=s1-3;base64,${FRAME_BASE64}`);
    });

    linked("a frame handler gets parsed frames, besides the raw lines", async ({ host }) => {
      const raw = new Promise<Buffer>((resolve) => host.onFrameLine(resolve));
      const parsed = new Promise((resolve) => host.onNotification("frame", ({ seq }) => resolve(seq)));
      await host.request("frames.subscribe", { ...SUBSCRIPTION, credit: 1 });
      assert.equal(await parsed, 1);
      assert.equal(frameLineRoute(await raw)?.seq, 1);
    });

    linked(
      "a request without an answer ends with `timeout`, an aborted one with `aborted`",
      async ({ host }) => {
        const isCode = (code: string) => (error: unknown) =>
          error instanceof HostLinkError && error.code === code;
        const late = host.request("call.accept", { callId: "c" }, { timeoutMs: 1 });
        await assert.rejects(late, isCode("timeout"));
        const abort = new AbortController();
        const aborted = host.request("call.accept", { callId: "c" }, { signal: abort.signal });
        abort.abort();
        await assert.rejects(aborted, isCode("aborted"));
        const never = host.request("call.accept", { callId: "c" }, { signal: abort.signal });
        await assert.rejects(never, isCode("aborted"));
        assert.deepEqual(await host.request("contacts.list", {}), { contacts: [] });
      },
    );

    linked("after the end, open and new requests reject with `closed`", async ({ host }) => {
      const isClosed = (error: unknown) => error instanceof HostLinkError && error.code === "closed";
      const open = assert.rejects(host.request("call.accept", { callId: "c" }), isClosed);
      host.close();
      await open;
      await assert.rejects(host.request("contacts.list", {}), isClosed);
      assert.equal(await host.closed, "the host closed the link");
    });

    linked("the link works after noise, a 17 MiB line and incomplete messages", async ({ host, raw }) => {
      const bad = [
        Buffer.from([0xff, 0x00, 0xc3, 0x0a]),
        Buffer.alloc(17 * 1024 * 1024, "x"),
        Buffer.from('\n{"jsonrpc":"2.0","id":1,\n[]\n[1]\n{}\nnull\n'),
      ];
      for (const bytes of bad) if (!raw.write(bytes)) await once(raw, "drain");
      assert.deepEqual(await host.request("contacts.list", {}), { contacts: [] });
    });
  });
}
