// The charts as data: everything that they use has a name, so that they can be exported, drawn and given other effects. This file
// lists the events of each chart, so that a new event is a deliberate decision.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type AnyStateMachine, type AnyStateNode, createActor } from "xstate";
import { endReasonSchema, type Timeouts, timeoutsSchema } from "../../rpc-schema/index.ts";
import {
  adaptMachine,
  attachMachine,
  callMachine,
  callManagerMachine,
  linkMachine,
  mediaMachine,
  previewMachine,
} from "../../statecharts/index.ts";
import {
  awaitingAnswer,
  connectedOut,
  hangupOf,
  type ManagerBench,
  OFFER,
  PATHS,
  ringingOut,
  settled,
} from "./support/start-manager.ts";

const CHARTS: Record<string, AnyStateMachine> = {
  adapt: adaptMachine,
  attach: attachMachine,
  call: callMachine,
  manager: callManagerMachine,
  link: linkMachine,
  media: mediaMachine,
  preview: previewMachine,
};
const EVENTS: Record<string, string> = {
  adapt: "linkLimited linkQueued measured sourceChanged",
  attach: "host.exit host.gone host.initialize host.initialized host.shutdown",
  call:
    "adapt.stepped manager.end manager.lineFree link.connected link.lost link.pathTrouble link.videoNegotiated media.videoWanted settings.changed signal.ack signal.answer signal.candidate signal.check signal.hangup signal.media " +
    "signal.offer signal.reconnect signal.reconnectAck signal.requestRepeated signal.ringing user.accept user.hangup user.reject user.setCamera " +
    "user.setMicrophone user.shareScreen user.useCamera user.useMicrophone user.useSpeaker",
  manager:
    "availability.changed call.lost call.rings manager.close host.resume settings.changed signal.received signalling.ready user.start user.toCall",
  link:
    "media.videoWanted peer.broken peer.candidate peer.connected peer.disconnected peer.failed peer.pathTrouble peer.videoNegotiated signal.answer signal.candidate " +
    "signal.media signal.offer signal.reconnect signal.reconnectAck",
  media:
    "device.cameraAbsent device.cameraInterrupted device.cameraLost device.cameraOpened device.cameraRefused " +
    "device.cameraResumed device.microphoneInterrupted " +
    "device.microphoneLost device.microphoneOpened device.microphoneResumed device.screenEnded device.screenHidden device.screenOpened device.screenShown device.speakerInterrupted device.speakerLost " +
    "device.speakerOpened device.speakerResumed devices.changed devices.updated link.videoNegotiated video.negotiated video.pauseChanged settings.changed " +
    "settings.videoChanged settings.voiceChanged signal.reconnect user.setCamera user.setMicrophone user.shareScreen user.useCamera user.useMicrophone user.useSpeaker",
  preview:
    "device.cameraAbsent device.cameraInterrupted device.cameraLost device.cameraOpened device.cameraRefused " +
    "device.cameraResumed device.microphoneInterrupted device.microphoneLost device.microphoneOpened device.microphoneResumed " +
    "devices.changed settings.changed settings.videoChanged settings.voiceChanged user.hearYourself user.testSound " +
    "user.useCamera user.useMicrophone",
};

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

/** The name of an action or guard in the chart, or "(inline)" for a function. */
function nameOf(word: unknown): string {
  if (typeof word === "string") return word;
  if (typeof word === "object" && word !== null && "type" in word) return String(word.type);
  return "(inline)";
}

interface Words {
  readonly actions: Set<string>;
  readonly guards: Set<string>;
  readonly actors: Set<string>;
  readonly delays: Set<string>;
}

function wordsOf(machine: AnyStateMachine): Words {
  const nodes = nodesOf(machine.root);
  const transitions = nodes.flatMap((node) => [
    ...[...node.transitions.values()].flat(),
    ...(node.always ?? []),
  ]);
  const actions = [
    ...nodes.flatMap(({ entry, exit }) => [...entry, ...exit]),
    ...transitions.flatMap((t) => t.actions),
  ];
  const isOwn = (name: string) => !/^xstate\.(raise|cancel)$/.test(name);
  return {
    // xstate adds its own functions, which start and cancel timers.
    actions: new Set(
      actions
        .filter((action) => !isTimer(action))
        .map(nameOf)
        .filter(isOwn),
    ),
    guards: new Set(transitions.flatMap(({ guard }) => (guard === undefined ? [] : [nameOf(guard)]))),
    actors: new Set(nodes.flatMap(({ invoke }) => invoke.map(({ src }) => nameOf(src)))),
    delays: new Set(nodes.flatMap(({ after }) => after.map(({ delay }) => String(delay)))),
  };
}

function isTimer(action: unknown): boolean {
  return (
    typeof action === "function" && "type" in action && /^xstate\.(raise|cancel)$/.test(String(action.type))
  );
}

describe("every chart", () => {
  for (const [name, machine] of Object.entries(CHARTS)) {
    test(`${name} has a name for everything that can be provided from outside`, () => {
      const words = wordsOf(machine);
      const { implementations } = machine;
      for (const kind of ["actions", "guards", "actors", "delays"] as const) {
        const unknown = [...words[kind]].filter((word) => !(word in implementations[kind]));
        assert.deepEqual(unknown, [], kind);
      }
      assert.ok(words.actions.size > 0);
    });

    test(`${name} provides nothing that it does not use`, () => {
      const words = wordsOf(machine);
      for (const kind of ["actions", "guards", "delays"] as const) {
        const unused = Object.keys(machine.implementations[kind]).filter((word) => !words[kind].has(word));
        assert.deepEqual(unused, [], kind);
      }
    });

    test(`${name} handles the failure of everything that it invokes`, () => {
      const silent = nodesOf(machine.root).flatMap((node) =>
        node.invoke
          .filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`))
          .map(({ src }) => nameOf(src)),
      );
      assert.deepEqual(silent, []);
    });

    test(`${name} handles exactly the listed events, and every state can be reached or left`, () => {
      const own = machine.events.filter((event) => !event.startsWith("xstate."));
      assert.deepEqual([...own].sort(), (EVENTS[name] ?? "").split(" ").sort());
      const targets = nodesOf(machine.root).flatMap((node) =>
        [...[...node.transitions.values()].flat(), ...(node.always ?? [])].flatMap(
          ({ target }) => target ?? [],
        ),
      );
      const initials = nodesOf(machine.root).flatMap((node) => node.initial.target ?? []);
      const entered = new Set([...targets, ...initials].flatMap(withAncestors));
      const isOfParallel = (node: AnyStateNode) => node.parent?.type === "parallel";
      const never = nodesOf(machine.root).filter(
        (node) => node.parent && !isOfParallel(node) && !entered.has(node),
      );
      assert.deepEqual(
        never.map(({ id }) => id),
        [],
      );
    });
  }
});

function withAncestors(node: AnyStateNode): AnyStateNode[] {
  return node.parent ? [node, ...withAncestors(node.parent)] : [node];
}

describe("every delay comes from the settings", () => {
  const cases: Record<
    Exclude<keyof Timeouts, "gatherMs">,
    { walk(timeouts: Partial<Timeouts>): Promise<ManagerBench>; outcome: string }
  > = {
    requestMs: {
      walk: async (timeouts) => {
        const manager = await ringingOut({ timeouts });
        await manager.receive(hangupOf("superseded"));
        return manager;
      },
      outcome: "superseded",
    },
    ringMs: { walk: (timeouts) => ringingOut({ timeouts }), outcome: "noAnswer" },
    negotiationMs: { walk: (timeouts) => awaitingAnswer({ timeouts }), outcome: "negotiationTimeout" },
    connectMs: {
      walk: async (timeouts) => {
        const manager = await awaitingAnswer({ timeouts });
        await manager.receive({ type: "call-answer", sdp: "answer" });
        return manager;
      },
      outcome: "connectTimeout",
    },
    lostMs: {
      walk: async (timeouts) => {
        const manager = await connectedOut({ timeouts });
        manager.effects.fail("createOffer");
        await manager.sendEngineEvent({ type: "peer.disconnected" });
        return manager;
      },
      outcome: "an offer",
    },
    restartMs: {
      walk: async (timeouts) => {
        const manager = await connectedOut({ timeouts });
        await manager.sendEngineEvent({ type: "peer.disconnected" });
        return manager;
      },
      outcome: "connectionLost",
    },
    hangupMs: {
      walk: async (timeouts) => {
        const manager = await connectedOut({ timeouts });
        manager.effects.hold("sendHangup");
        await manager.hangUp();
        return manager;
      },
      outcome: "hungUp",
    },
  };
  for (const [name, { walk, outcome }] of Object.entries(cases)) {
    test(`${name} decides when ${outcome} follows`, async () => {
      const manager = await walk({ [name]: 123 });
      const reached = () =>
        manager.ends()[0]?.end.reason ?? (manager.effects.count("createOffer") > 1 ? "an offer" : "");
      await manager.advance(122);
      assert.equal(reached(), "");
      await manager.advance(1);
      assert.equal(reached(), outcome);
    });
  }

  test("and no other delay exists", () => {
    const waits = Object.keys(timeoutsSchema.parse({})).filter((name) => name !== "gatherMs");
    assert.deepEqual(Object.keys(cases).sort(), waits.sort());
  });
});

test("an effect that is not provided throws instead of doing nothing", async () => {
  const errors: unknown[] = [];
  const actor = createActor(mediaMachine, {
    input: { callId: "c", peerId: "p", media: "video", resumed: null },
  });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  await settled();
  assert.equal(actor.getSnapshot().status, "error");
  assert.match(String(errors[0]), /started without an implementation of "/);
});

const tableOf = (readme: string) => readme.slice(readme.indexOf("## End reasons"));

test("the README's table lists exactly the end reasons", () => {
  const readme = readFileSync(new URL("../../statecharts/README.md", import.meta.url), "utf8");
  const named = [...tableOf(readme).matchAll(/^\| `(\w+)` *\|/gm)].map((match) => match[1]);
  assert.deepEqual(named.sort(), [...endReasonSchema.options].sort());
});

test("an offer is not answered while our hang-up is being sent", async () => {
  const manager = await PATHS.connectedIn();
  manager.effects.hold("sendHangup");
  await manager.hangUp();
  await manager.receive({ ...OFFER, sdp: "offer 2" });
  assert.equal(manager.effects.count("answerOffer"), 1);
});
