// The plugin's life with its host: initialize, initialized, work, shutdown, exit; and what happens when the host is
// suddenly gone. Starting and stopping the services is the surroundings' work.

import { assign, setup } from "xstate";
import type { EndReason } from "../../rpc-schema/index.ts";
import { externalAction, externalPromise } from "../not-provided.ts";

/** The host grants a second between the end of stdin and our end; this leaves room for the exit itself. */
const LEAVE_MS = 850;
/** A shutdown that takes longer than this is stuck, and the host waits for its answer. */
const STOP_MS = 3_000;

export interface AttachInput {
  readonly leaveMs?: number;
  readonly stopMs?: number;
}

export interface AttachContext {
  readonly leaveMs: number;
  readonly stopMs: number;
  /** Status that the process is to exit with: 0 after an orderly shutdown. */
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
      description: "Requests are answered; notifications wait for the host to be ready for them",
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
      description: "Calls end, devices close; the host waits for the answer",
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
      description: "The host is gone: the other side is told, devices close, all within a second",
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
