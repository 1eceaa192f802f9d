// The life of the plugin: initialize → initialized → work → shutdown → exit.

import { z } from "zod";
import { availabilitySchema, peerIdSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { reportedSettingsSchema, settingsChangeSchema } from "../settings/settings.ts";
import { offeredVersions } from "../version.ts";

/** An open list, so that each side can have features that the other one does not know. */
const capabilitiesSchema = z.array(z.string().max(64)).max(64);

/** `initialize` comes first and only once, `shutdown` comes last. Settings can change at any time in between. */
export const lifecycleMethods = {
  initialize: method(
    "First request. Negotiates the version, and gives the plugin its settings and the user's label",
    z
      .object({
        protocolVersions: z
          .array(z.number().int())
          .min(1)
          .max(16)
          .optional()
          .describe(
            "every version that the host speaks; the plugin answers the highest one that it speaks too",
          ),
        protocolVersion: z
          .number()
          .int()
          .optional()
          .describe("a host that speaks one version only can send it in place of protocolVersions"),
        capabilities: capabilitiesSchema
          .optional()
          .describe("optional features of the host; the plugin ignores names that it does not know"),
        host: z.object({
          name: z.string(),
          version: z.string().optional(),
          webviewCanCall: z
            .boolean()
            .optional()
            .describe(
              "the host's page has RTCPeerConnection and getUserMedia; absent: only Linux counts as a system without them",
            ),
        }),
        identity: z.object({ label: z.string().max(4096) }),
        dataDir: z
          .string()
          .regex(/^\//, "expected an absolute path")
          .optional()
          .describe("folder for the plugin's key; without it, the key is kept in memory only"),
        carrier: z
          .object({ selfId: peerIdSchema })
          .optional()
          .describe("the host carries the signals over its own node; without it, the plugin runs a node"),
        pageOrigins: z
          .array(z.string().regex(/^[a-z]+:\/\/[^/]+$/, "expected an origin such as http://127.0.0.1:8080"))
          .max(16)
          .default([])
          .describe("origins of the pages that may fetch frames from the plugin's loopback server"),
        settings: settingsChangeSchema.optional(),
        resume: z
          .string()
          .optional()
          .describe(
            "the last snapshot of calls.persisted, when the previous plugin died in a call; unusable ones are ignored",
          ),
      })
      .refine((params) => offeredVersions(params).length > 0, {
        path: ["protocolVersions"],
        error: "expected the versions that the host speaks",
      }),
    z.object({
      protocolVersion: z.number().int().describe("the version that both sides use from now on"),
      capabilities: capabilitiesSchema
        .optional()
        .describe("optional features of the plugin; absent in version 1"),
      plugin: z.object({ name: z.string(), version: z.string() }),
      mode: z
        .enum(["native", "browser"])
        .describe("native: the plugin makes the calls; browser: the host's page makes them"),
      settings: reportedSettingsSchema.describe("the settings in force, defaults filled in"),
    }),
    ["unsupportedProtocolVersion", "alreadyInitialized"],
  ),
  shutdown: method(
    "Ends every call and releases every device, then answers. `exit` follows",
    noParams,
    done,
    [...servingErrors],
  ),
  "settings.update": method(
    "Changes the named settings and keeps the others. A wrong setting refuses the whole change",
    z.object({ settings: settingsChangeSchema }),
    z.object({
      settings: reportedSettingsSchema,
      restartNeeded: z.array(z.string()).describe("changed settings that take effect at the next start only"),
    }),
    [...servingErrors],
  ),
};

/** `exit` is accepted at any time, `initialized` only after the answer to `initialize`. */
export const lifecycleHostNotifications = {
  initialized: notification(
    "The host is ready for notifications. The plugin starts its signalling",
    noParams,
  ),
  exit: notification("Exit now, with status 0 after shutdown and status 1 without it", noParams),
};

export const lifecyclePluginNotifications = {
  "signalling.changed": notification(
    "State of the signalling",
    z.object({
      state: z.enum(["starting", "ready", "failed"]),
      peerId: peerIdSchema.optional(),
      addresses: z.array(z.string()).describe("multiaddrs, each ending in /p2p/<peerId>"),
      why: z.string().optional(),
    }),
  ),
  "availability.changed": notification(
    "Whether this machine can make calls, after `initialized` and at every change. A host that carries the signals announces it to its peers",
    availabilitySchema,
  ),
};
