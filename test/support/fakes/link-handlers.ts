// The plugin's handlers in the contract test of the host link.

import { FRAME_LINE_TAIL, frameLineHead } from "../../../plugin/frames/frame-line.ts";
import type { Handlers, HostNotificationHandlers } from "../../../plugin/rpc/dispatcher.ts";
import { HostLinkError } from "../../../plugin/rpc/requests.ts";
import type { PluginEnd } from "../../../plugin/rpc/serve.ts";
import { RpcError } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "./handlers.ts";

const BODY = Buffer.alloc(200_000, "QUJD");
export const FRAME_BASE64 = BODY.toString();

/** Characters that a link could damage. */
export const SPECIAL_TEXT = "grüße 😀\n\u2028\u0000";

export interface LinkHandlers {
  readonly handlers: Handlers;
  readonly notificationHandlers: HostNotificationHandlers;
}

/**
 * `frames.subscribe` sends as many frames as it has credit, and `frames.ack` sends one more. `call.accept` is never answered.
 * `call.hangup` refuses. `initialized` notifies with {@link SPECIAL_TEXT}. `signal.deliver` returns the message
 * to its sender and passes the answer on, waiting at most `payload.waitMs`.
 */
export function linkHandlers(plugin: PluginEnd): LinkHandlers {
  const sendFrame = (stream: string, seq: number) => {
    const head = { stream, seq, capturedAt: 1.5, width: 2, height: 2, mediaType: "image/jpeg" } as const;
    plugin.outlet.writeFrame(frameLineHead(head), BODY, FRAME_LINE_TAIL).catch(() => undefined);
  };
  return {
    handlers: handlersWith({
      "contacts.list": () => ({ contacts: [] }),
      "call.accept": () => new Promise(() => undefined),
      "call.hangup": ({ callId }) => {
        throw new RpcError("unknownCall", `there is no call ${callId}`);
      },
      "signal.deliver": async ({ from, topic, payload }) => {
        const limit = typeof payload.waitMs === "number" ? { timeoutMs: payload.waitMs } : {};
        try {
          return await plugin.request("signal.send", { peerId: from, topic, payload }, limit);
        } catch (error) {
          throw error instanceof HostLinkError ? new RpcError("internalError", error.code) : error;
        }
      },
      "frames.subscribe": ({ credit }) => {
        for (let seq = 1; seq <= credit; seq += 1) sendFrame("s1", seq);
        return { stream: "s1" };
      },
    }),
    notificationHandlers: notificationsWith({
      "frames.ack": ({ stream, seq }) => sendFrame(stream, seq + 1),
      initialized: () =>
        plugin.notify("signalling.changed", { state: "failed", addresses: [], why: SPECIAL_TEXT }),
    }),
  };
}
