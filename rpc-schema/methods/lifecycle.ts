// initialize → initialized → work → shutdown → exit.

import { z } from "zod";
import { availabilitySchema, peerIdSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { settingsChangeSchema, settingsSchema } from "../settings/settings.ts";

/** `initialize` comes first and once, `shutdown` last; the settings may change at any time between. */
export const lifecycleMethods = {
  initialize: method(
    "First request: agrees on the protocol, gives the plugin its settings and the user's label",
    z.strictObject({
      protocolVersion: z.number().int(),
      host: z.strictObject({
        name: z.string(),
        version: z.string().optional(),
        webviewCanCall: z
          .boolean()
          .optional()
          .describe("its page has RTCPeerConnection and getUserMedia; absent: as the system usually has it"),
      }),
      identity: z.strictObject({ label: z.string().max(4096) }),
      dataDir: z
        .string()
        .regex(/^\//, "expected an absolute path")
        .optional()
        .describe("where the plugin keeps its key; without it the key lives in memory only"),
      carrier: z
        .strictObject({ selfId: peerIdSchema })
        .optional()
        .describe("the host carries the signals over its own node; without it the plugin runs a node itself"),
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
    }),
    z.strictObject({
      protocolVersion: z.number().int(),
      plugin: z.strictObject({ name: z.string(), version: z.string() }),
      mode: z.enum(["native", "browser"]).describe("native: calls run in the plugin, not in the page"),
      settings: settingsSchema.describe("the settings in force, defaults filled in"),
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
    z.strictObject({ settings: settingsChangeSchema }),
    z.strictObject({
      settings: settingsSchema,
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
    z.strictObject({
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
  log: notification(
    "Something worth a line in the host's log",
    z.strictObject({
      level: z.enum(["error", "warn", "info", "debug"]),
      source: z.string(),
      message: z.string(),
    }),
  ),
};
