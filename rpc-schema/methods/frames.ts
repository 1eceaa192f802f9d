// Streams of frames for the host's page, with credit as flow control.

import { z } from "zod";
import { callIdSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";

/** remote: frames that WebRTC decoded; local: frames of the camera, before they are encoded. */
export const frameSourceSchema = z.enum(["remote", "local"]);
export type FrameSource = z.infer<typeof frameSourceSchema>;

/** png is lossless and several times larger. It is meant for measurements. */
export const frameFormatSchema = z.enum(["jpeg", "png"]);
export type FrameFormat = z.infer<typeof frameFormatSchema>;

/**
 * How frames reach the page.
 * - stdio: `frame` notifications with data URLs.
 * - websocket: the plugin serves binary frames on loopback, and the page acknowledges each frame there.
 * - mjpeg: the plugin serves multipart/x-mixed-replace on loopback for an `<img>`. It answers when there is a first frame, or
 *   with 204 when the stream ends without one. It ends the body with the closing delimiter (RFC 2046, 5.1.1).
 */
export const frameDeliverySchema = z.enum(["stdio", "websocket", "mjpeg"]);
export type FrameDelivery = z.infer<typeof frameDeliverySchema>;

/** Chosen by the plugin; opaque to the host. */
export const streamIdSchema = z.string().min(1).max(64);

/** A page needs two streams, and two more while it changes their size. Each stream of a faulty page would cost an encoder. */
export const MAX_STREAMS_PER_CALL = 16;

/** Credit limits the frames in flight, so that a slow page slows down its own stream and nothing else. */
export const frameMethods = {
  "frames.subscribe": method(
    `Starts a stream of frames, one of ${MAX_STREAMS_PER_CALL} at most for each call. \`credit\` frames can be in flight before the first acknowledgement`,
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
        .describe("pixels; larger frames are scaled down"),
      maxFps: z.number().min(0.1).max(60).default(30),
      credit: z.number().int().min(1).max(8).default(2),
      delivery: frameDeliverySchema.default("stdio"),
    }),
    z.object({
      stream: streamIdSchema,
      url: z
        .string()
        .optional()
        .describe(
          "where the page fetches the stream, on loopback, with the stream's own token; absent with stdio",
        ),
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
    "The frame `seq` and all frames before it were drawn, which returns their credit. Unknown streams are ignored, because they may just have ended",
    z.object({ stream: streamIdSchema, seq: z.number().int().min(0) }),
  ),
};

export const framePluginNotifications = {
  frame: notification(
    "One frame. seq counts up by one within its stream. Times are Unix milliseconds with fractions",
    z.object({
      stream: streamIdSchema,
      seq: z.number().int(),
      capturedAt: z
        .number()
        .describe("local: the camera's time stamp; remote: when WebRTC delivered the decoded frame"),
      width: z.number().int(),
      height: z.number().int(),
      dataUrl: z.string().describe("unique for each frame, so that no image cache returns an older one"),
    }),
  ),
};
