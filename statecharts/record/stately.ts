// Converts entries to the protocol of the Stately inspector (@statelyai/inspect 0.7, JSON messages over a WebSocket), so that its
// tools can inspect a plugin. The path of an actor replaces xstate's session id.

import type { AnyStateMachine } from "xstate";
import type { ChartLogEntry, ChartStep } from "../../rpc-schema/index.ts";
import { isObject } from "./plain.ts";

/** Version of the package whose receivers understand these messages. */
const PROTOCOL = "0.7.2";

export interface StatelyMessage {
  readonly type: "@xstate.actor" | "@xstate.event" | "@xstate.snapshot";
  readonly sessionId: string;
  readonly rootId: string;
  readonly createdAt: string;
  readonly id: null;
  readonly _version: typeof PROTOCOL;
  readonly [field: string]: unknown;
}

/** Keeps the context of each chart, because a step contains only the changes. */
export class StatelyStream {
  readonly #definitions: ReadonlyMap<string, string>;
  readonly #startedAt: number;
  readonly #contexts = new Map<string, Record<string, unknown>>();

  /**
   * @param machines every chart that may occur
   * @param startedAt Unix milliseconds, to which the times of the entries are relative
   */
  constructor(machines: readonly AnyStateMachine[], startedAt: number) {
    this.#startedAt = startedAt;
    this.#definitions = new Map(machines.map((machine) => [machine.id, definitionOf(machine)]));
  }

  /** @returns null for an entry without a counterpart in the protocol */
  message(entry: ChartLogEntry): StatelyMessage | null {
    switch (entry.kind) {
      case "log":
        return null;
      case "actor": {
        this.#contexts.delete(entry.id);
        const name = entry.chart ?? lastOf(entry.id);
        const definition = this.#definitions.get(entry.chart ?? "") ?? JSON.stringify({ id: name });
        const snapshot = { status: "active" };
        return {
          ...this.#frame("@xstate.actor", entry.id, entry.t),
          name,
          parentId: parentOf(entry.id),
          definition,
          snapshot,
        };
      }
      case "event": {
        const sourceId = entry.from ?? undefined;
        return { ...this.#frame("@xstate.event", entry.to, entry.t), event: entry.event, sourceId };
      }
      case "step": {
        const snapshot = { status: entry.status, value: entry.value, context: this.#contextOf(entry) };
        return {
          ...this.#frame("@xstate.snapshot", entry.id, entry.t),
          event: { type: entry.event },
          snapshot,
        };
      }
    }
  }

  #contextOf({ id, changed }: ChartStep): Record<string, unknown> {
    const context = { ...this.#contexts.get(id), ...changed };
    this.#contexts.set(id, context);
    return context;
  }

  #frame(type: StatelyMessage["type"], sessionId: string, t: number) {
    const rootId = sessionId.split("/", 1)[0] ?? sessionId;
    const createdAt = String(Math.round(this.#startedAt + t));
    return { type, sessionId, rootId, createdAt, id: null, _version: PROTOCOL } as const;
  }
}

/** @returns the machine's config, with names instead of functions */
function definitionOf(machine: AnyStateMachine): string {
  return JSON.stringify(machine.config, (_, value: unknown) => {
    if (typeof value === "function") return { type: value.name };
    return isObject(value) && "__xstatenode" in value ? undefined : value;
  });
}

const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function parentOf(path: string): string | undefined {
  const at = path.lastIndexOf("/");
  return at < 0 ? undefined : path.slice(0, at);
}
