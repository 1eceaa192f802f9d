// The check on prose: which words and sentences it flags, and what it reads of a source file.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { extractCComments, extractHashComments, extractTypeScriptComments } from "../../checks/comments.ts";
import { checkProse } from "../../checks/prose.ts";
import { readSources } from "../../checks/sources.ts";

const messagesFor = async (text: string, path = "plugin/README.md") =>
  (await checkProse(path, text)).map(({ line, message }) => `${line}: ${message}`);

describe("prose", () => {
  test("plain English passes", async () => {
    const text = "# Calls\n\nThe host starts the plugin. Nothing is encoded until a client connects.\n";
    assert.deepEqual(await messagesFor(text), []);
  });

  for (const [bad, word] of [
    ["The desk decides.", "desk"],
    ["Crossed calls end.", "Crossed call"],
    ["The host is\ntold so.", "told"],
    ["A lost path is sought anew.", "sought"],
    ["Knows nothing of sockets.", "Knows nothing"],
    ["> The keeper's list.", "keeper"],
    ["| what |\n| --- |\n| the rung |", "rung"],
    ["It opens the viewer.", "viewer"],
  ] as const) {
    test(`“${bad.replaceAll("\n", " ")}” is flagged`, async () => {
      const [first = ""] = await messagesFor(bad);
      assert.match(first, new RegExp(`^\\d+: Incorrect term: “${word}`));
    });
  }

  test("a finding names its line and what to write instead", async () => {
    assert.deepEqual(await messagesFor("The plugin\ndials again,\nnot anew."), [
      "3: Incorrect term: “anew”, use “again” instead",
    ]);
  });

  test("code spans, code blocks, parts of names and paths are exempt", async () => {
    const text = "The field `carrier`, a desk-top, `rung`, statecharts/viewer/panes.\n\n```\ndesk\n```\n";
    assert.deepEqual(await messagesFor(text), []);
  });

  test("the chart viewer is simply the viewer in its own folder", async () => {
    assert.deepEqual(await messagesFor("The viewer draws.", "statecharts/viewer/README.md"), []);
    assert.equal((await messagesFor("Goop²'s viewer draws.", "statecharts/viewer/README.md")).length, 1);
    assert.deepEqual(await messagesFor("The chart\nviewer draws."), []);
  });

  test("a sentence of more than 35 words is flagged at its first line, one of 35 is not", async () => {
    const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");
    assert.deepEqual(await messagesFor(`Short. ${words(34)} \`a b c\`.`), []);
    const [message = ""] = await messagesFor(`Short.\nLong ${words(35)}.`);
    assert.match(message, /^2: A sentence of 36 words: “Long word/);
    assert.deepEqual(await messagesFor(`${words(30)} at 720. Then ${words(30)}.`), []);
  });
});

describe("comments", () => {
  test("TypeScript comments keep their lines, and text in literals is left out", () => {
    const text = 'const a = "// desk"; // Behind code.\n/**\n * Above.\n * @returns it\n */\nf(`// no`);\n';
    const literals = [
      [text.indexOf('"'), text.indexOf(";")],
      [text.indexOf("`"), text.lastIndexOf("`") + 1],
    ] as const;
    const lines = ["- Behind code.", "", "- Above.", "- returns: it", "", "", ""];
    assert.deepEqual(extractTypeScriptComments(text, literals).split("\n"), lines);
  });

  test("comments behind consecutive lines of code are separate items", () => {
    const text = "int a;  // One\nint b;  /* Two */\n// Three\n// four\n";
    assert.deepEqual(extractCComments(text).split("\n"), ["- One", "- Two", "- Three", "four", ""]);
  });

  test("an indented line is code, not prose", () => {
    assert.equal(extractCComments("// Use it:\n//\n//     take(it, 1, 2)  desk\n"), "Use it:\n\n\n");
  });

  test("C++ strings are no comments", () => {
    assert.equal(extractCComments('auto a = "// no"; auto b = R"(/* no */)";').trim(), "");
  });

  test("comments of shell scripts have lines of their own", () => {
    assert.equal(extractHashComments("#!/bin/sh\n# One.\necho # two\n"), "\nOne.\n\n");
  });

  test("the parser finds the literals of a source", () => {
    const self = readSources().find(({ path }) => path === "test/unit/test-tools/prose.test.ts");
    assert.ok(self !== undefined);
    const comments = extractTypeScriptComments(self.text, self.literals);
    assert.match(comments, /^The check on prose/);
    assert.doesNotMatch(comments, /desk/);
  });
});
