// Every chart of the program, once.

import type { AnyStateMachine } from "xstate";
import { adaptMachine } from "./adapt/machine.ts";
import { attachMachine } from "./attach/machine.ts";
import { callMachine } from "./call/machine.ts";
import { callManagerMachine } from "./calls/machine.ts";
import { linkMachine } from "./link/machine.ts";
import { mediaMachine } from "./media/machine.ts";
import { previewMachine } from "./preview/machine.ts";

/** All charts of the process, running or not, in the order of the documents. */
export const ALL_CHARTS: readonly AnyStateMachine[] = [
  attachMachine,
  callManagerMachine,
  callMachine,
  linkMachine,
  mediaMachine,
  adaptMachine,
  previewMachine,
];
