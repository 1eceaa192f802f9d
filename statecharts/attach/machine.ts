// The plugin's life with its host: initialize, initialized, work, shutdown and exit, and the loss of the host. The effects
// start and stop the services.

import { assign, setup } from "xstate";
import type { EndReason } from "../../rpc-schema/index.ts";
import { externalAction, externalPromise } from "../not-provided.ts";

/** The host allows one second from the end of stdin to our exit. This leaves time for the exit itself. */
const LEAVE_MS = 850;
/** A shutdown that takes longer hangs, and the host waits for its response. */
const STOP_MS = 3_000;

export interface AttachInput {
  readonly leaveMs?: number;
  readonly stopMs?: number;
}

export interface AttachContext {
  readonly leaveMs: number;
  readonly stopMs: number;
  /** Exit status of the process: 0 after an orderly shutdown. */
  readonly exitStatus: 0 | 1;
}

export type AttachEvent =
  | { type: "host.initialize" }
  | { type: "host.initialized" }
  | { type: "host.shutdown" }
  | { type: "host.exit" }
  | { type: "host.gone" };

export interface StopInput {
  readonly reason: Extract<EndReason, "hostGone" | "shutdown">;
}

export const attachMachine = setup({
  types: {
    input: {} as AttachInput,
    context: {} as AttachContext,
    events: {} as AttachEvent,
    output: {} as { exitStatus: 0 | 1 },
    tags: {} as "serving" | "stopped",
  },
  actors: { stopServices: externalPromise<void, StopInput>("stopServices") },
  actions: {
    startServices: externalAction<void>("startServices"),
    markOrderly: assign({ exitStatus: 0 }),
  },
  delays: {
    leaveTimeout: ({ context }) => context.leaveMs,
    stopTimeout: ({ context }) => context.stopMs,
  },
}).createMachine({
  id: "attach",
  description: "The plugin's life with its host",
  context: ({ input }) => ({
    leaveMs: input.leaveMs ?? LEAVE_MS,
    stopMs: input.stopMs ?? STOP_MS,
    exitStatus: 1,
  }),
  output: ({ context }) => ({ exitStatus: context.exitStatus }),
  initial: "awaitingInitialize",
  states: {
    awaitingInitialize: {
      on: { "host.initialize": "initialized", "host.exit": "exited", "host.gone": "exited" },
    },
    initialized: {
      description: "Requests are answered. Notifications wait until the host is ready for them",
      tags: ["serving"],
      on: {
        "host.initialized": "running",
        "host.shutdown": "stopping",
        "host.exit": "leaving",
        "host.gone": "leaving",
      },
    },
    running: {
      tags: ["serving"],
      entry: "startServices",
      on: { "host.shutdown": "stopping", "host.exit": "leaving", "host.gone": "leaving" },
    },
    stopping: {
      description: "Calls end and devices close. The host waits for the response",
      invoke: {
        src: "stopServices",
        input: { reason: "shutdown" },
        onDone: "stopped",
        onError: "stopped",
      },
      after: { stopTimeout: "stopped" },
      on: { "host.exit": "exited", "host.gone": "exited" },
    },
    stopped: {
      tags: ["stopped"],
      entry: "markOrderly",
      on: { "host.exit": "exited", "host.gone": "exited" },
    },
    leaving: {
      description: "The host is gone. Calls end, peers are notified, and devices close within a second",
      invoke: {
        src: "stopServices",
        input: { reason: "hostGone" },
        onDone: "exited",
        onError: "exited",
      },
      after: { leaveTimeout: "exited" },
    },
    exited: { type: "final" },
  },
});
