// initialize → initialized → work → shutdown → exit.

import { z } from "zod";
import { availabilitySchema, peerIdSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { reportedSettingsSchema, settingsChangeSchema } from "../settings/settings.ts";
import { offeredVersions } from "../version.ts";

/** Names are never closed, so that either side can have features that the other one does not know. */
const capabilitiesSchema = z.array(z.string().max(64)).max(64);

/** `initialize` comes first and once, `shutdown` last; the settings may change at any time between. */
export const lifecycleMethods = {
  initialize: method(
    "First request: agrees on the protocol, gives the plugin its settings and the user's label",
    z
      .object({
        protocolVersions: z
          .array(z.number().int())
          .min(1)
          .max(16)
          .optional()
          .describe("every version that the host speaks; the plugin answers the highest that it speaks too"),
        protocolVersion: z
          .number()
          .int()
          .optional()
          .describe("a host that speaks one version only may send this in place of protocolVersions"),
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
              "its page has RTCPeerConnection and getUserMedia; absent: as the system usually has it",
            ),
        }),
        identity: z.object({ label: z.string().max(4096) }),
        dataDir: z
          .string()
          .regex(/^\//, "expected an absolute path")
          .optional()
          .describe("where the plugin keeps its key; without it the key lives in memory only"),
        carrier: z
          .object({ selfId: peerIdSchema })
          .optional()
          .describe(
            "the host carries the signals over its own node; without it the plugin runs a node itself",
          ),
        pageOrigins: z
          .array(z.string().regex(/^[a-z]+:\/\/[^/]+$/, "expected an origin such as http://127.0.0.1:8080"))
          .max(16)
          .default([])
          .describe("origins of the pages that may fetch pictures from the plugin's loopback server"),
        settings: settingsChangeSchema.optional(),
        resume: z
          .string()
          .optional()
          .describe(
            "the last snapshot of calls.persisted, where the plugin before this one died; one that is of no use is ignored",
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
      mode: z.enum(["native", "browser"]).describe("native: calls run in the plugin, not in the page"),
      settings: reportedSettingsSchema.describe("the settings in force, defaults filled in"),
    }),
    ["unsupportedProtocolVersion", "alreadyInitialized"],
  ),
  shutdown: method(
    "Ends every call, releases every device; answered when that is done. `exit` follows",
    noParams,
    done,
    [...servingErrors],
  ),
  "settings.update": method(
    "Changes the named settings and leaves the others; all or nothing",
    z.object({ settings: settingsChangeSchema }),
    z.object({
      settings: reportedSettingsSchema,
      restartNeeded: z.array(z.string()).describe("changed settings that take effect at the next start only"),
    }),
    [...servingErrors],
  ),
};

/** `exit` is heeded at any time; `initialized` only after `initialize` was answered. */
export const lifecycleHostNotifications = {
  initialized: notification(
    "The host is ready for notifications; the plugin starts its signalling",
    noParams,
  ),
  exit: notification("Leave now; status 0 after shutdown, 1 without it", noParams),
};

export const lifecyclePluginNotifications = {
  "signalling.changed": notification(
    "State of the plugin's own libp2p node",
    z.object({
      state: z.enum(["starting", "ready", "failed"]),
      peerId: peerIdSchema.optional(),
      addresses: z.array(z.string()).describe("multiaddrs, each ending in /p2p/<peerId>"),
      why: z.string().optional(),
    }),
  ),
  "availability.changed": notification(
    "Whether calls can be made here, after `initialized` and whenever it changes. A host that carries the signals tells its peers",
    availabilitySchema,
  ),
};
