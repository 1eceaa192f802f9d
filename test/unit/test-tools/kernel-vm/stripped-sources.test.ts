// The sources that the kernel machine's Node loads without types.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { preloadOf, strippedSources } from "../../../support/kernel-vm/stripped-sources.ts";

const run = promisify(execFile);

describe("the sources of a guest script", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "stripped-"));
    await mkdir(join(folder, "deep"));
    await write("package.json", `{ "type": "module" }`);
    await write(
      "main.ts",
      `import type { A } from "./types.ts";
import { value } from "./deep/value.ts";
const late = await import("./late.ts");
const text: string = 'from "./absent.ts"';
const line = (/:(\\d+):\\d+/.exec(new Error().stack ?? "") ?? [])[1];
console.log(JSON.stringify([value satisfies A, late.name, text, line, import.meta.url]));
`,
    );
    await write("types.ts", "export type A = number;\n");
    await write("late.ts", `export const name: string = "late";\n`);
    await write("deep/value.ts", `export { value } from "../number.ts";\nimport "../main.ts";\n`);
    await write("number.ts", "export const value: number = 7;\n");
    await write("unknown.ts", `export const here: boolean = true; console.log("as usual", here);\n`);
  });
  after(() => rm(folder, { recursive: true }));

  function write(name: string, text: string): Promise<void> {
    return writeFile(join(folder, name), text);
  }

  const urlOf = (name: string) => pathToFileURL(join(folder, name)).href;

  test("are the script and all that it imports when it runs, also in circles, and no types", () => {
    const sources = strippedSources(join(folder, "main.ts"));
    assert.deepEqual(
      Object.keys(sources).sort(),
      ["main.ts", "deep/value.ts", "late.ts", "number.ts"].map(urlOf).sort(),
    );
    assert.ok(!/: (string|number)/.test(Object.values(sources).join()));
  });

  test("run without Node's own stripping, at their own addresses and lines", async () => {
    const preload = join(folder, "preload.mjs");
    await writeFile(preload, preloadOf(strippedSources(join(folder, "main.ts"))));
    const options = ["--no-strip-types", "--import", preload];
    const { stdout } = await run(process.execPath, [...options, join(folder, "main.ts")]);
    assert.deepEqual(JSON.parse(stdout), [7, "late", 'from "./absent.ts"', "5", urlOf("main.ts")]);
  });

  test("leave other files to Node", async () => {
    const preload = join(folder, "preload.mjs");
    await writeFile(preload, preloadOf({}));
    const { stdout } = await run(process.execPath, ["--import", preload, join(folder, "unknown.ts")]);
    assert.equal(stdout, "as usual true\n");
  });
});
