// Streams of frames for the host's page, with credit as flow control.

import { z } from "zod";
import { callIdSchema, sideSchema } from "../common.ts";
import { done, method, notification, servingErrors } from "../definition.ts";
import { choice, count, named, unixMs } from "../named.ts";

/** Remote frames are those that WebRTC decoded. Local frames are those of the camera, before they are encoded. */
export const frameSourceSchema = sideSchema;
export type FrameSource = z.infer<typeof frameSourceSchema>;

export const frameFormatSchema = choice("FrameFormat", "The image format of a stream's frames", {
  jpeg: "for the page",
  png: "lossless and several times larger; meant for measurements",
});
export type FrameFormat = z.infer<typeof frameFormatSchema>;

export const frameDeliverySchema = choice("FrameDelivery", "How frames reach the page", {
  stdio: "`frame` notifications with data URLs",
  websocket: "the plugin serves binary frames on loopback, and the page acknowledges each frame there",
  mjpeg:
    "the plugin serves multipart/x-mixed-replace on loopback for an `<img>`; it answers when there is a first frame, or with 204 when the stream ends without one",
});
export type FrameDelivery = z.infer<typeof frameDeliverySchema>;

export const streamIdSchema = named(
  "StreamId",
  z.string().min(1).max(64),
  "Opaque id of one stream of frames, chosen by the plugin",
);

/** A page needs two streams, and two more while it changes their size. Each stream of a faulty page would cost an encoder. */
export const MAX_STREAMS_PER_CALL = 16;

/** Credit limits the frames in flight, so that a slow page slows down its own stream and nothing else. */
export const frameMethods = {
  "frames.subscribe": method(
    `Starts a stream of frames, one of ${MAX_STREAMS_PER_CALL} at most for each call. \`credit\` frames can be in flight before the first acknowledgement`,
    z.object({
      callId: callIdSchema,
      source: frameSourceSchema.describe(
        "remote: frames of the peer, as WebRTC decoded them; local: frames of the camera, before they are encoded",
      ),
      format: frameFormatSchema.default("jpeg"),
      quality: z.number().int().min(1).max(100).default(75).describe("JPEG quality"),
      maxWidth: z
        .number()
        .int()
        .min(16)
        .max(3840)
        .default(1280)
        .describe("pixels; larger frames are scaled down"),
      maxFps: z.number().min(0.1).max(60).default(30).describe("frames per second; more frames are left out"),
      credit: z.number().int().min(1).max(8).default(2).describe("frames in flight at most"),
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
    z.object({
      stream: streamIdSchema,
      seq: count().describe("of the newest frame that was drawn; the first frame has 1"),
    }),
  ),
};

export const framePluginNotifications = {
  frame: notification(
    "One frame of a stream with the delivery `stdio`",
    z.object({
      stream: streamIdSchema,
      seq: count().describe("counts up by one within the stream, from 1"),
      capturedAt: unixMs().describe(
        "local: the camera's time stamp; remote: when WebRTC delivered the decoded frame. Unix milliseconds with fractions",
      ),
      width: count().describe("pixels"),
      height: count().describe("pixels"),
      dataUrl: z.string().describe("unique for each frame, so that no image cache returns an older one"),
    }),
  ),
};
