// The calls that nobody answered: who called, when and how often.

import { z } from "zod";
import { mediaKindSchema, peerIdSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { count, named, unixMs } from "../named.ts";

export const missedCallerSchema = named(
  "MissedCaller",
  z.object({
    peerId: peerIdSchema.describe("who called"),
    peerLabel: z.string().describe("name of the peer at its last missed call; empty when it is unknown"),
    media: mediaKindSchema.describe("what the last missed call offered"),
    count: count().describe("all missed calls of this peer that are kept"),
    unseen: count().describe("those that the user has not seen yet"),
    firstAt: unixMs().describe("the first of them, Unix milliseconds"),
    lastAt: unixMs().describe("the last of them, Unix milliseconds"),
  }),
  "The missed calls of one peer. A call is missed when it rang and ended without an answer, or found this side in another call",
);
export type MissedCaller = z.infer<typeof missedCallerSchema>;

const missedList = z.object({
  missed: z.array(missedCallerSchema).describe("one entry for each peer, the last caller first; at most 100"),
});

export const missedCallMethods = {
  "calls.missed": method(
    "Lists the missed calls. They outlive the plugin where initialize gave a dataDir",
    noParams,
    missedList,
    [...servingErrors],
  ),
  "calls.seen": method(
    "The user has seen missed calls. calls.missedChanged follows when the list changes",
    z.object({
      peerId: peerIdSchema.optional().describe("only the calls of this peer; without it those of all"),
      until: unixMs()
        .optional()
        .describe("the `lastAt` that was shown: a peer who called again later stays unseen"),
    }),
    done,
    [...servingErrors],
  ),
};

export const missedCallNotifications = {
  "calls.missedChanged": notification(
    "A call was missed, or the user has seen some. Carries the whole list; version 1 does not have it",
    missedList,
  ),
};
