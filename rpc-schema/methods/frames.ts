// Pictures on their way to the host's page: a stream each, paid for with credit.

import { z } from "zod";
import { callIdSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";

/** remote: what WebRTC decoded; local: what the camera captured, before it is coded. */
export const frameSourceSchema = z.enum(["remote", "local"]);
export type FrameSource = z.infer<typeof frameSourceSchema>;

/** png is lossless and several times larger; for measuring rather than watching. */
export const frameFormatSchema = z.enum(["jpeg", "png"]);
export type FrameFormat = z.infer<typeof frameFormatSchema>;

/**
 * How pictures reach the page. stdio: `frame` notifications with data URLs; websocket: the plugin serves binary frames
 * on loopback, each acknowledged there; mjpeg: it serves multipart/x-mixed-replace for an `<img>`, answers with the
 * first picture, whenever that is, and with 204 where none came; it ends with the closing delimiter (RFC 2046, 5.1.1).
 */
export const frameDeliverySchema = z.enum(["stdio", "websocket", "mjpeg"]);
export type FrameDelivery = z.infer<typeof frameDeliverySchema>;

/** Made by the plugin; opaque to the host. */
export const streamIdSchema = z.string().min(1).max(64);

/** A page needs two, and two more while it asks for another size; without a bound a faulty one takes an encoder for each. */
export const MAX_STREAMS_PER_CALL = 16;

/** Credit instead of a rate alone: a page that is slow slows its own stream and nothing else. */
export const frameMethods = {
  "frames.subscribe": method(
    `Starts a stream of pictures, one of ${MAX_STREAMS_PER_CALL} at most for each call. \`credit\` pictures may be under way before the first acknowledgement`,
    z.object({
      callId: callIdSchema,
      source: frameSourceSchema,
      format: frameFormatSchema.default("jpeg"),
      quality: z.number().int().min(1).max(100).default(75).describe("JPEG quality"),
      maxWidth: z
        .number()
        .int()
        .min(16)
        .max(3840)
        .default(1280)
        .describe("pixels; larger pictures are scaled down"),
      maxFps: z.number().min(0.1).max(60).default(30),
      credit: z.number().int().min(1).max(8).default(2),
      delivery: frameDeliverySchema.default("stdio"),
    }),
    z.object({
      stream: streamIdSchema,
      url: z
        .string()
        .optional()
        .describe("where the page fetches it: loopback, with the session's token; absent with stdio"),
    }),
    [...servingErrors, "unknownCall", "tooManyStreams"],
  ),
  "frames.unsubscribe": method("Ends a stream", z.object({ stream: streamIdSchema }), done, [
    ...servingErrors,
    "unknownStream",
  ]),
};

export const frameHostNotifications = {
  "frames.ack": notification(
    "The picture `seq` and all before it were drawn: grants that much credit again. Unknown streams are ignored, since they may just have ended",
    z.object({ stream: streamIdSchema, seq: z.number().int().min(0) }),
  ),
};

export const framePluginNotifications = {
  frame: notification(
    "One picture. seq counts up by one within its stream. Times are Unix milliseconds with fractions",
    z.object({
      stream: streamIdSchema,
      seq: z.number().int(),
      capturedAt: z
        .number()
        .describe("local: the camera's stamp; remote: when WebRTC handed out the decoded picture"),
      width: z.number().int(),
      height: z.number().int(),
      dataUrl: z.string().describe("unique for each picture, so that no image cache answers for it"),
    }),
  ),
};
