// rpc-schema/THREATS.md names a test for each line and the value of each budget. Both are those of the code.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LOG_LINES } from "../plugin/app/json-log.ts";
import { MAX_RECENT_CHARS } from "../plugin/app/recent-lines.ts";
import { REFUSALS, RINGS, SIGNALS } from "../plugin/calls/environment.ts";
import { MAX_NAMES_AT_ONCE } from "../plugin/common/local-names.ts";
import { MAX_BATCH_CHARS } from "../plugin/diagnostics/chart-feed.ts";
import { MAX_CANDIDATES } from "../plugin/peer/candidate-buffer.ts";
import * as contactsReporter from "../plugin/rpc/contacts-reporter.ts";
import * as statePacer from "../plugin/rpc/state-pacer.ts";
import { MAX_POSTED_BYTES } from "../plugin/rpc/stdio-link.ts";
import * as connectionBudget from "../plugin/signalling/limits/connection-budget.ts";
import * as frameBudget from "../plugin/signalling/limits/frame-budget.ts";
import * as gossipBudget from "../plugin/signalling/limits/gossip-budget.ts";
import * as openingBudget from "../plugin/signalling/limits/opening-budget.ts";
import * as timings from "../plugin/signalling/timings.ts";
import { isRecord } from "../rpc-schema/is-record.ts";

const MODULES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "plugin/app/json-log.ts": { LOG_LINES },
  "plugin/app/recent-lines.ts": { MAX_RECENT_CHARS },
  "plugin/calls/environment.ts": { RINGS, REFUSALS, SIGNALS },
  "plugin/common/local-names.ts": { MAX_NAMES_AT_ONCE },
  "plugin/diagnostics/chart-feed.ts": { MAX_BATCH_CHARS },
  "plugin/peer/candidate-buffer.ts": { MAX_CANDIDATES },
  "plugin/rpc/contacts-reporter.ts": contactsReporter,
  "plugin/rpc/state-pacer.ts": statePacer,
  "plugin/rpc/stdio-link.ts": { MAX_POSTED_BYTES },
  "plugin/signalling/limits/connection-budget.ts": connectionBudget,
  "plugin/signalling/limits/frame-budget.ts": frameBudget,
  "plugin/signalling/limits/gossip-budget.ts": gossipBudget,
  "plugin/signalling/limits/opening-budget.ts": openingBudget,
  "plugin/signalling/timings.ts": timings,
};

const root = new URL("../", import.meta.url);
const text = readFileSync(new URL("rpc-schema/THREATS.md", root), "utf8");

/** The cells of each row of the table below this heading. */
function rowsBelow(heading: string): string[][] {
  const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("each threat", () => {
  const rows = rowsBelow("What holds");
  test("is in the table", () => assert.ok(rows.length >= 15));
  for (const [who = "", tries = "", , shownBy = ""] of rows) {
    test(`of ${who} that ${tries} has its test`, () => {
      const [, file = "", name = ""] = /^`([^`]+)`: “([^”]+)”$/.exec(shownBy) ?? [];
      assert.ok(existsSync(new URL(file, root)), `${file} does not exist`);
      const source = readFileSync(new URL(file, root), "utf8");
      assert.ok(source.includes(name), `${file} has no test “${name}”`);
    });
  }
});

describe("each budget", () => {
  for (const [budget = "", definedIn = "", value = ""] of rowsBelow("Budgets")) {
    test(`has its value: ${budget}`, () => {
      const [name = "", ...fields] = budget.replaceAll("`", "").split(".");
      const module = MODULES[definedIn.replaceAll("`", "")] ?? {};
      const found = fields.reduce<unknown>(
        (at, field) => (isRecord(at) ? at[field] : undefined),
        module[name],
      );
      assert.equal([found].flat().join(" "), value);
    });
  }
});
