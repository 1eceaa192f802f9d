// A chart without a world: its effects do nothing by themselves and say only what they are told to say. For replays,
// and for walks through a chart in tests.

import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyEventObject,
  type AnyStateMachine,
  fromCallback,
} from "xstate";
import { isExternal } from "../not-provided.ts";
import { pathOf } from "./plain.ts";

export interface StubbedEffects {
  /** An effect of a running chart; it lasts until its state is left. */
  find(path: string): Effect | undefined;
  /** Paths of all that last now, in the order in which they began. */
  living(): string[];
}

export interface Effect {
  /** To the chart that holds it, as the effect itself would have said it. */
  say(event: AnyEventObject): void;
}

/**
 * The same chart with every external effect replaced, its charts within included.
 * @param onMoment called whenever the surroundings have the word in the midst of a step: an effect begins or ends, an
 *   action is told
 * @returns the chart, and the effects that live at any moment by the path of their actor
 */
export function stubEffects<Machine extends AnyStateMachine>(
  machine: Machine,
  onMoment: () => void = () => undefined,
): { machine: Machine } & StubbedEffects {
  const living = new Map<string, Effect>();
  return {
    machine: stubbed(machine, { living, onMoment }),
    find: (path) => living.get(path),
    living: () => [...living.keys()],
  };
}

interface Stage {
  readonly living: Map<string, Effect>;
  onMoment(): void;
}

function stubbed<Machine extends AnyStateMachine>(machine: Machine, stage: Stage): Machine {
  const { actions, actors } = machine.implementations;
  const told = Object.entries(actions).filter(([, action]) => isExternal(action));
  return machine.provide({
    actions: Object.fromEntries(told.map(([name]) => [name, () => stage.onMoment()])),
    actors: Object.fromEntries(
      Object.entries(actors).map(([name, logic]) => [name, stubOf(logic as AnyActorLogic, stage)]),
    ),
  }) as Machine;
}

function stubOf(logic: AnyActorLogic, stage: Stage): AnyActorLogic {
  if ("root" in logic) return stubbed(logic as unknown as AnyStateMachine, stage);
  return fromCallback<AnyEventObject>(({ self, sendBack }) => {
    const path = pathOf(self as AnyActorRef);
    const effect: Effect = { say: sendBack };
    stage.living.set(path, effect);
    stage.onMoment();
    return () => {
      if (stage.living.get(path) === effect) stage.living.delete(path);
      stage.onMoment();
    };
  });
}
