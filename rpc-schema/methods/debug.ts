// Diagnostics of a call that went wrong, and of what peers and pages were refused.

import { z } from "zod";
import { method, noParams, servingErrors } from "../definition.ts";
import { choice, count, named } from "../named.ts";

/** For users, each completes "the plugin refused". A peer or page that means no harm causes few of them. */
export const REFUSAL_TEXTS = {
  connection: "connections of peers that were too many or too often, or did not prove who they are",
  stream: "message streams of peers that were malformed, too large, too slow or too many",
  announcement: "announcements of peers that were malformed, or came too often",
  forgery: "announcements in another peer's name",
  message: "messages of peers that are no signals, or that nobody can decrypt",
  ring: "calls of peers that called too often",
  signal: "signals of peers that sent too many",
  description: "descriptions of a call's sound and picture that are malformed or too large",
  candidate: "network addresses from the other side of a call that are malformed, not allowed or too many",
  page: "requests of web pages and programs on this machine that have no right to them",
  pageConnection: "connections of web pages and programs on this machine that kept others out",
} as const;

export const refusalReasonSchema = choice(
  "RefusalReason",
  "What the plugin refused, for the sake of its user",
  REFUSAL_TEXTS,
);
export type RefusalReason = z.infer<typeof refusalReasonSchema>;

export const refusalSchema = named(
  "Refusal",
  z.object({
    reason: refusalReasonSchema,
    count: count().describe("since the plugin's start"),
    text: z.string().describe("for people: what was refused"),
  }),
  "What the plugin refused for one reason",
);
export type Refusal = z.infer<typeof refusalSchema>;

export const debugMethods = {
  "debug.refusals": method(
    "How often the plugin has refused what peers, web pages and programs of this machine tried",
    noParams,
    z.object({
      refusals: z.array(refusalSchema).describe("one for each reason that occurred; empty if none did"),
    }),
    [...servingErrors],
  ),
  "debug.bundle": method(
    "Writes one file with versions, settings, devices, statistics, log, event log and the present states of the state machines",
    z.object({
      masked: z
        .boolean()
        .default(true)
        .describe(
          "leave out secrets, addresses and the names of devices and people, so that the file can be shared",
        ),
    }),
    z.object({
      path: z.string().describe("in the host's dataDir, or in the system's folder for temporary files"),
      bytes: count().describe("size of the file"),
    }),
    [...servingErrors],
  ),
};
