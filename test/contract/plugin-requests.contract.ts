// One suite for requests from the plugin to the host, in memory and over the pipes of a process. The plugin sends every delivered
// message back, and answers as its host answered; see link-handlers.ts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RpcError } from "../../rpc-schema/index.ts";
import type { LinkedPlugin } from "./host-link.contract.ts";

const FROM = "12D3KooWGoodPeerAbcdefgh";
const message = (payload: Record<string, unknown> = {}, topic = "call:c1") => ({
  from: FROM,
  topic,
  payload,
});

const isKind = (kind: string, text = /./) => {
  return (error: unknown) => error instanceof RpcError && error.kind === kind && text.test(error.message);
};

export function testPluginRequests(name: string, start: () => LinkedPlugin): void {
  const linked = (what: string, run: (plugin: LinkedPlugin) => Promise<void>) =>
    test(what, { timeout: 30_000 }, async () => {
      const plugin = start();
      try {
        await run(plugin);
      } finally {
        await plugin.end();
      }
    });

  describe(`requests of the plugin over ${name}`, () => {
    linked("reach the host's handler unchanged, and its answer returns", async ({ host }) => {
      const asked: unknown[] = [];
      host.onRequest("signal.send", (params) => {
        asked.push(params);
        return null;
      });
      const payload = { type: "call-offer", sdp: "v=0\r\n", more: { "grüße 😀": [1, null] } };
      assert.equal(await host.request("signal.deliver", message(payload)), null);
      assert.deepEqual(asked, [{ peerId: FROM, topic: "call:c1", payload }]);
    });

    linked("reach the handler in order, and each gets its own answer", async ({ host }) => {
      const asked: string[] = [];
      const last = Promise.withResolvers<null>();
      host.onRequest("signal.send", async ({ topic }) => {
        asked.push(topic);
        if (asked.length === 20) last.resolve(null);
        await last.promise;
        if (topic === "call:n7") throw new RpcError("peerUnreachable", "n7 is away");
        return null;
      });
      const topics = Array.from({ length: 20 }, (_, index) => `call:n${index}`);
      const answers = await Promise.allSettled(
        topics.map((topic) => host.request("signal.deliver", message({}, topic))),
      );
      assert.deepEqual(asked, topics);
      const failed = answers.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
      assert.deepEqual(failed, [7]);
    });

    linked("that the host refuses reject with its error", async ({ host }) => {
      host.onRequest("signal.send", () => {
        throw new RpcError("peerUnreachable", "no such peer");
      });
      await assert.rejects(
        host.request("signal.deliver", message()),
        isKind("peerUnreachable", /no such peer/),
      );
    });

    linked("without a handler are answered with methodNotFound", async ({ host }) => {
      await assert.rejects(host.request("signal.deliver", message()), isKind("methodNotFound"));
    });

    linked(
      "whose handler fails or returns a wrong result are answered with internalError",
      async ({ host }) => {
        host.onRequest("signal.send", () => {
          throw new Error("a secret of the host's");
        });
        await assert.rejects(host.request("signal.deliver", message()), (error) => {
          return isKind("internalError")(error) && !String(error).includes("secret");
        });
        host.onRequest("signal.send", () => "sent" as unknown as null);
        await assert.rejects(host.request("signal.deliver", message()), isKind("internalError"));
        host.onRequest("signal.send", () => null);
        assert.equal(await host.request("signal.deliver", message()), null);
      },
    );

    linked("without an answer end at their deadline, and a late answer does no harm", async ({ host }) => {
      const never = Promise.withResolvers<null>();
      host.onRequest("signal.send", () => never.promise);
      const late = host.request("signal.deliver", message({ waitMs: 1 }));
      await assert.rejects(late, isKind("internalError", /^timeout$/));
      never.resolve(null);
      host.onRequest("signal.send", () => null);
      assert.equal(await host.request("signal.deliver", message()), null);
    });

    linked("do not delay the host's own requests", async ({ host }) => {
      host.onRequest("signal.send", () => new Promise(() => undefined));
      const waiting = host
        .request("signal.deliver", message())
        .catch((error: { code: string }) => error.code);
      assert.deepEqual(await host.request("contacts.list", {}), { contacts: [] });
      host.close();
      assert.equal(await waiting, "closed");
    });
  });
}
