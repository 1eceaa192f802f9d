// The examples fit the schemas, and REFERENCE.md describes every message and links to headings that exist.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  hostNotificationExamples,
  methodExamples,
  pluginMethodExamples,
  pluginNotificationExamples,
} from "../../../rpc-schema/documents/examples.ts";
import { buildDocuments } from "../../../rpc-schema/documents/openrpc.ts";
import { buildReference } from "../../../rpc-schema/documents/reference.ts";
import { hostNotifications, methods, pluginMethods, pluginNotifications } from "../../../rpc-schema/index.ts";

const requests = Object.entries({ ...methods, ...pluginMethods });
const notifications = Object.entries({ ...hostNotifications, ...pluginNotifications });
const requestExamples: Record<string, { params: unknown; result: unknown }> = {
  ...methodExamples,
  ...pluginMethodExamples,
};
const notificationExamples: Record<string, unknown> = {
  ...hostNotificationExamples,
  ...pluginNotificationExamples,
};

describe("the example of each message", () => {
  for (const [name, { params, result }] of requests) {
    test(`${name} fits its schemas and has no unknown field`, () => {
      const example = requestExamples[name];
      assert.ok(example);
      assert.partialDeepStrictEqual(params.parse(example.params), example.params);
      assert.deepEqual(result.parse(example.result), example.result);
    });
  }

  for (const [name, { params }] of notifications) {
    test(`${name} fits its schema and has no unknown field`, () => {
      assert.deepEqual(params.parse(notificationExamples[name]), notificationExamples[name]);
    });
  }
});

describe("REFERENCE.md", () => {
  const reference = buildReference(buildDocuments());
  const headings = [...reference.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);

  test("is up to date (otherwise run: node rpc-schema/documents/generate-openrpc.ts)", () => {
    const path = new URL("../../../rpc-schema/REFERENCE.md", import.meta.url);
    assert.equal(readFileSync(path, "utf8"), reference);
  });

  test("describes every message with an example", () => {
    for (const [name] of [...requests, ...notifications]) {
      const section = reference.split(`\n### ${name}\n`)[1]?.split("\n### ")[0];
      assert.match(section ?? "", new RegExp(`"method":"${name}"`), name);
    }
  });

  test("links to headings that exist, each once", () => {
    const anchors = headings.map((heading) => heading.toLowerCase().replaceAll(".", "").replaceAll(" ", "-"));
    assert.equal(new Set(anchors).size, anchors.length);
    const links = new Set([...reference.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor = ""]) => anchor));
    assert.ok(links.size > 50);
    assert.deepEqual(
      [...links].filter((anchor) => !anchors.includes(anchor)),
      [],
    );
  });

  test("gives every row of its tables a meaning", () => {
    const empty = reference.split("\n").filter((line) => /^\| `.*\|\s*\|$/.test(line));
    assert.deepEqual(empty, []);
  });
});
