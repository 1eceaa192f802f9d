// The arguments, the log and the settings of the process, without starting one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createJsonLog } from "../../../plugin/app/json-log.ts";
import { createSettingsStore } from "../../../plugin/app/settings-store.ts";
import { unavailableNative } from "../../../plugin/app/unavailable-native.ts";
import { LOG_LEVELS, parseCommandLine } from "../../../plugin/command-line.ts";
import { RpcError, settingsSchema } from "../../../rpc-schema/index.ts";

describe("the command line", () => {
  test("without arguments attaches to the host and logs at level info", () => {
    assert.deepEqual(parseCommandLine([], "1.2.3"), { name: "attach", logLevel: "info" });
  });

  test("in a terminal says what the program is and what to do next, and attaches only with an option", () => {
    const introduction = parseCommandLine([], "1.2.3", true);
    assert.equal(introduction.name, "print");
    assert.match(
      "text" in introduction ? introduction.text : "",
      /1\.2\.3: .* Goop².*doctor .*bridge .*demo /s,
    );
    const attached = parseCommandLine(["--log-level", "info"], "1.2.3", true);
    assert.deepEqual(attached, { name: "attach", logLevel: "info" });
  });

  test("accepts every log level, and names them when it refuses another", () => {
    for (const logLevel of LOG_LEVELS) {
      assert.deepEqual(parseCommandLine(["--log-level", logLevel], ""), { name: "attach", logLevel });
    }
    const refused = parseCommandLine(["--log-level=loud"], "");
    assert.equal(refused.name, "refuse");
    assert.match("text" in refused ? refused.text : "", /"loud", expected one of error, warn, info, debug/);
  });

  test("prints help and version, long or short", () => {
    for (const flag of ["--help", "-h"]) {
      const help = parseCommandLine([flag], "1.2.3");
      assert.equal(help.name, "print");
      assert.match("text" in help ? help.text : "", /Usage: goop-call-plugin/);
    }
    for (const flag of ["--version", "-V"]) {
      assert.deepEqual(parseCommandLine([flag], "1.2.3"), { name: "version" });
    }
  });

  test("refuses an unknown argument, names it and mentions --help", () => {
    for (const args of [["--loud"], ["attach"], ["--log-level"]]) {
      const refused = parseCommandLine(args, "");
      assert.equal(refused.name, "refuse");
      assert.ok(
        "text" in refused && refused.text.includes(args[0] ?? "?") && refused.text.includes("--help"),
      );
    }
  });
});

describe("the log", () => {
  const logAt = (level: (typeof LOG_LEVELS)[number]) => {
    const lines: string[] = [];
    const at = new Date("2026-01-02T03:04:05.678Z");
    return {
      lines,
      logOf: createJsonLog(
        () => level,
        (line) => void lines.push(line),
        () => at,
      ),
    };
  };

  test("writes one JSON object a line, whatever the message contains", () => {
    const { lines, logOf } = logAt("info");
    logOf("sound")("warn", 'two\nlines and \u2028 "quotes"');
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.indexOf("\n"), (lines[0]?.length ?? 0) - 1);
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      time: "2026-01-02T03:04:05.678Z",
      level: "warn",
      source: "sound",
      message: 'two\nlines and \u2028 "quotes"',
    });
  });

  test("adds data for programs, such as the wrong fields of a message", () => {
    const { lines, logOf } = logAt("info");
    const issues = [{ field: "contacts.1.addresses", value: "nothing", expected: "an array" }];
    logOf("rpc")("warn", "notification ignored", { name: "invalidParams", issues });
    assert.deepEqual(JSON.parse(lines[0] ?? "").data, { name: "invalidParams", issues });
  });

  test("omits messages below its level", () => {
    for (const [index, level] of LOG_LEVELS.entries()) {
      const { lines, logOf } = logAt(level);
      for (const each of LOG_LEVELS) logOf("part")(each, "message");
      assert.equal(lines.length, index + 1);
    }
  });
});

describe("the settings", () => {
  test("start as the schema's defaults", () => {
    assert.deepEqual(createSettingsStore().get(), settingsSchema.parse({}));
  });

  test("merge objects key by key and replace lists whole", () => {
    const store = createSettingsStore();
    store.change({ picture: { width: 320 }, iceServers: [{ urls: ["stun:stun.example.org"] }] });
    store.change({ picture: { fps: 10 }, iceServers: [] });
    assert.deepEqual(store.get().picture, { width: 320, height: 720, fps: 10 });
    assert.deepEqual(store.get().iceServers, []);
  });

  test("do not change when one value of a change is invalid", () => {
    const store = createSettingsStore();
    const before = store.get();
    assert.throws(
      () => store.change({ toneHz: 500, timeouts: { ringMs: 1 } }),
      (error) => {
        assert.ok(error instanceof RpcError);
        assert.deepEqual(
          [error.kind, error.issues],
          ["invalidParams", [{ field: "settings.timeouts.ringMs", value: "1", expected: "at least 10" }]],
        );
        return true;
      },
    );
    assert.equal(store.get(), before);
  });

  test("call each subscriber after a change, with the new and the old settings", () => {
    const store = createSettingsStore();
    const pitches: number[][] = [];
    const unsubscribe = store.subscribe((now, last) => pitches.push([now.toneHz, last.toneHz]));
    store.change({ toneHz: 500 });
    assert.throws(() => store.change({ toneHz: 1 }));
    unsubscribe();
    store.change({ toneHz: 600 });
    assert.deepEqual(pitches, [[500, 440]]);
  });

  test("list as needing a restart only settings whose value changed", () => {
    const store = createSettingsStore();
    assert.deepEqual(store.change({ signalling: { mdns: true } }).restartNeeded, []);
    assert.deepEqual(store.change({ signalling: { mdns: false, peers: [] } }).restartNeeded, [
      "signalling.mdns",
    ]);
    assert.deepEqual(store.change({ toneHz: 500, camera: "none" }).restartNeeded, []);
  });
});

test("a replacement for a missing addon lists no camera and throws the reason everywhere else", async () => {
  const native = unavailableNative("built for another machine");
  assert.deepEqual(native.listCameras(), []);
  assert.throws(() => native.createJpegEncoder(), /built for another machine/);
  await assert.rejects(
    native.openPattern({ width: 64, height: 64, fps: 1 }, {} as never),
    /built for another machine/,
  );
});
