// Replaces the effects of a chart by stubs, which do nothing by themselves and send only the events that the caller passes. For
// replays, and for generated paths through a chart in tests.

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
  /** @returns an effect of the running chart, which exists until its state is left */
  find(path: string): Effect | undefined;
  /** @returns the paths of all current effects, in the order in which they began */
  living(): string[];
}

export interface Effect {
  /** Sends an event to the parent chart, as the effect would. */
  send(event: AnyEventObject): void;
}

/**
 * Replaces every external effect of a chart and of its child charts.
 * @param onMoment called whenever an effect could send an event during a step: an effect begins or ends, or an action runs
 * @returns the chart, and access to the current effects by actor path
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
  const external = Object.entries(actions).filter(([, action]) => isExternal(action));
  return machine.provide({
    actions: Object.fromEntries(external.map(([name]) => [name, () => stage.onMoment()])),
    actors: Object.fromEntries(
      Object.entries(actors).map(([name, logic]) => [name, stubOf(logic as AnyActorLogic, stage)]),
    ),
  }) as Machine;
}

function stubOf(logic: AnyActorLogic, stage: Stage): AnyActorLogic {
  if ("root" in logic) return stubbed(logic as unknown as AnyStateMachine, stage);
  return fromCallback<AnyEventObject>(({ self, sendBack }) => {
    const path = pathOf(self as AnyActorRef);
    const effect: Effect = { send: sendBack };
    stage.living.set(path, effect);
    stage.onMoment();
    return () => {
      if (stage.living.get(path) === effect) stage.living.delete(path);
      stage.onMoment();
    };
  });
}
