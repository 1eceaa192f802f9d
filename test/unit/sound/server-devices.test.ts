// Which devices a sound server's report means, their ids and names, which one a choice means, and how it is opened.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ServerDevice, ServerState } from "../../../native/sound-server.ts";
import { hasPulsePlugin } from "../../../plugin/sound/server/alsa-plugin.ts";
import { bareCards } from "../../../plugin/sound/server/bare-cards.ts";
import { Router } from "../../../plugin/sound/server/router.ts";
import { choicesOf, findChoice, noticeOf } from "../../../plugin/sound/server/server-devices.ts";
import { SoundServer } from "../../../plugin/sound/server/sound-server.ts";
import { FakeSoundServer, serverDevice, serverState } from "../../support/fakes/fake-sound-server.ts";
import { ignoreLog } from "../../support/sound/sound-helpers.ts";

const device = serverDevice;
const LOUD = { isMuted: false, volume: 100 };

function microphonesOf(sources: ServerDevice[], defaultSource = "") {
  return choicesOf(serverState({ sources, defaultSource })).microphones;
}

describe("a sound server's devices", () => {
  test("keep their id when the server lists them in another order", () => {
    const [one, two] = [
      device("usb-1", { description: "Headset" }),
      device("usb-2", { description: "Headset" }),
    ];
    const ids = (devices: ServerDevice[]) => microphonesOf(devices).map(({ id, name }) => [id, name]);
    assert.deepEqual(ids([one, two]), ids([two, one]));
    assert.deepEqual(ids([one, two]), [
      ["pulse:usb-1", "Headset"],
      ["pulse:usb-2", "Headset #2"],
    ]);
  });

  for (const [name, id] of [
    ["bluez_sink.00_11_22_AA_BB_CC.a2dp_sink", "pulse:bluez_sink.00_11_22_AA_BB_CC"],
    ["bluez_sink.00_11_22_AA_BB_CC.handsfree_head_unit", "pulse:bluez_sink.00_11_22_AA_BB_CC"],
    ["bluez_output.00_11_22_AA_BB_CC.1", "pulse:bluez_output.00_11_22_AA_BB_CC"],
    ["bluez_input.00:11:22:AA:BB:CC", "pulse:bluez_input.00:11:22:AA:BB:CC"],
    ["alsa_input.usb-0d8c_C-Media-00.mono-fallback", "pulse:alsa_input.usb-0d8c_C-Media-00.mono-fallback"],
  ] as const) {
    test(`have an id without a Bluetooth profile: ${name}`, () =>
      assert.equal(microphonesOf([device(name)])[0]?.id, id));
  }

  for (const [what, source, kind] of [
    ["a monitor of PulseAudio", device("x", { monitorOf: "speaker" }), "monitor"],
    ["a monitor by its class", device("x", { deviceClass: "monitor" }), "monitor"],
    ["the monitor of the null sink", device("auto_null.monitor", { monitorOf: "auto_null" }), "monitor"],
    ["PulseAudio's null source", device("x", { driver: "module-null-source.c" }), "null"],
    ["a microphone", device("x", { deviceClass: "sound" }), "microphone"],
  ] as const) {
    test(`are told apart: ${what} is a ${kind}`, () => assert.equal(microphonesOf([source])[0]?.kind, kind));
  }

  test("have at most one default: the server's, or else a real one that is plugged in, never a monitor", () => {
    const monitor = device("m", { monitorOf: "speaker" });
    const empty = device("a", { portAvailable: "no", port: "Front Microphone" });
    const defaults = (sources: ServerDevice[], name: string) =>
      microphonesOf(sources, name).flatMap(({ id, isDefault }) => (isDefault ? [id] : []));
    assert.deepEqual(defaults([monitor, device("z")], "m"), ["pulse:z"]);
    assert.deepEqual(defaults([empty, device("z"), device("y")], "z"), ["pulse:z"]);
    assert.deepEqual(defaults([empty, device("z")], "m"), ["pulse:z"]);
    assert.deepEqual(defaults([empty], "m"), ["pulse:a"]);
    assert.deepEqual(defaults([monitor], "m"), []);
    const dummy = choicesOf(serverState({ sinks: [device("auto_null")], defaultSink: "auto_null" }));
    assert.deepEqual(
      dummy.speakers.map(({ kind, isDefault }) => [kind, isDefault]),
      [["null", false]],
    );
  });

  test("are found by id, by the id of an ALSA card, and by name", () => {
    const card = { alsaCardName: "USB Headset", alsaName: "USB Audio" };
    const devices = microphonesOf(
      [device("usb", { description: "Headset", ...card }), device("other")],
      "other",
    );
    for (const choice of ["pulse:usb", "ALSA:USB Headset: USB Audio", "Headset", "usb"]) {
      assert.equal(findChoice(devices, choice)?.id, "pulse:usb", choice);
    }
    for (const choice of ["auto", "ALSA:default", "ALSA:pulse", "ALSA:pipewire"]) {
      assert.equal(findChoice(devices, choice)?.id, "pulse:other", choice);
    }
    assert.equal(findChoice(devices, "pulse:gone"), undefined);
  });

  for (const [what, source, stream, expected] of [
    ["mute", { isMuted: true }, LOUD, /^Mic is muted/],
    ["the stream's mute", {}, { isMuted: true, volume: 100 }, /^this call is muted on Mic/],
    ["a low volume", { volume: 4 }, LOUD, /turned down to 4 %/],
    ["a low volume of the stream", {}, { isMuted: false, volume: 0 }, /turned down to 0 %/],
    [
      "an empty port",
      { port: "Headset", portAvailable: "no" },
      LOUD,
      /nothing is plugged into Mic \(Headset\)/,
    ],
    ["a monitor", { monitorOf: "speaker" }, LOUD, /repeats the sound of this computer/],
  ] as const) {
    test(`explain why nothing or too little is heard: ${what}`, () => {
      const [one] = microphonesOf([device("m", { description: "Mic", ...source })]);
      assert.match(noticeOf(one ?? assert.fail(), stream) ?? "", expected);
    });
  }

  test("explain nothing where nothing is unusual", () => {
    const [one] = microphonesOf([device("m", { port: "Headset", portAvailable: "unknown" })]);
    assert.equal(noticeOf(one ?? assert.fail(), LOUD), null);
  });

  test("leave only those of ALSA's cards that the server does not hold", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cards-"));
    try {
      const file = join(directory, "cards");
      const card = (number: number, name: string) =>
        ` ${number} [${name}           ]: USB-Audio - ${name}\n                      ${name} at usb-1\n`;
      await writeFile(file, card(0, "PCH") + card(1, "Headset") + card(12, "Pro"));
      const state = serverState({ alsaCards: ["0"], sources: [device("x", { alsaCard: "1" })] });
      assert.deepEqual([...bareCards(state, file)], ["12"]);
      assert.deepEqual([...bareCards(state, join(directory, "none"))], []);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test("ALSA's pulse plugin is found in the folders of any system, or it is missing", async () => {
  const directory = await mkdtemp(join(tmpdir(), "alsa-"));
  try {
    const folder = join(directory, "x86_64-linux-gnu", "alsa-lib");
    await mkdir(folder, { recursive: true });
    assert.equal(hasPulsePlugin(undefined, [directory, join(directory, "none")]), false);
    await writeFile(join(folder, "libasound_module_pcm_pulse.so"), "");
    assert.equal(hasPulsePlugin(undefined, [directory]), true);
    assert.equal(hasPulsePlugin(folder, []), true);
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("the way to a device", () => {
  const state = serverState({
    sources: [device("mic"), device("head"), device("speaker.monitor", { monitorOf: "speaker" })],
    defaultSource: "mic",
    sinks: [device("speaker")],
    defaultSink: "speaker",
  });
  const routerFor = (now: ServerState | null) => {
    const env = { PATH: "/bin" };
    const server = new SoundServer(new FakeSoundServer(now), env, ignoreLog);
    return new Router(server, env, { environment: { PULSE_LATENCY_MSEC: "20" } });
  };

  test("leads through the server, which the environment of the process tells the device and the stream's name", async () => {
    const resolution = await routerFor(state).resolve("microphone", "pulse:head", false);
    assert.ok(resolution.result === "target");
    const { env = {}, server } = resolution.target;
    assert.equal(env.PULSE_SOURCE, "head");
    assert.equal(env.PULSE_SINK, undefined);
    assert.equal(env.PATH, "/bin");
    assert.match(env.ALSA_CONFIG_PATH ?? "", /sound-server\.conf$/);
    assert.match(env.PULSE_PROP_OVERRIDE ?? "", /media\.role='phone'/);
    assert.ok(env.PULSE_PROP_OVERRIDE?.includes(`='${server?.token}'`));
  });

  test("takes the buffer along to a speaker, and not to a microphone", async () => {
    const bufferOf = async (direction: "microphone" | "speaker") => {
      const resolution = await routerFor(state).resolve(direction, "auto", false);
      assert.ok(resolution.result === "target");
      return resolution.target.env?.PULSE_LATENCY_MSEC;
    };
    assert.equal(await bufferOf("speaker"), "20");
    assert.equal(await bufferOf("microphone"), undefined);
  });

  test("names no device for auto, so that the stream follows the system's default", async () => {
    const resolution = await routerFor(state).resolve("microphone", "auto", false);
    assert.ok(resolution.result === "target");
    assert.equal(resolution.target.env?.PULSE_SOURCE, undefined);
    assert.equal(resolution.target.server?.isAutomatic, true);
  });

  test("names the device for auto where the system's default is a monitor", async () => {
    const odd = { ...state, defaultSource: "speaker.monitor" };
    const resolution = await routerFor(odd).resolve("microphone", "auto", false);
    assert.ok(resolution.result === "target");
    assert.equal(resolution.target.env?.PULSE_SOURCE, "head");
  });

  test("leads nowhere for auto where there are only monitors, with the reason", async () => {
    const monitors = { ...state, sources: state.sources.slice(2), defaultSource: "speaker.monitor" };
    await assert.rejects(routerFor(monitors).resolve("microphone", "auto", false), {
      message:
        "there is no microphone: the system's default is speaker.monitor, which repeats the sound of this computer to the other side",
    });
  });

  test("leads through ALSA without a server, but not to a server's device", async () => {
    const router = routerFor(null);
    const alsa = await router.resolve("microphone", "auto", false);
    assert.ok(alsa.result === "target" && alsa.target.server === null);
    assert.deepEqual(await router.resolve("microphone", "pulse:mic", false), {
      result: "unknown",
      known: [],
    });
    assert.deepEqual(await router.resolve("microphone", "auto", true), { result: "unknown", known: [] });
  });

  test("names the server's devices for an unknown one", async () => {
    assert.deepEqual(await routerFor(state).resolve("speaker", "pulse:none", false), {
      result: "unknown",
      known: ["pulse:speaker"],
    });
  });
});
