// Builds C++ programs of the add-on's core for tests. It reads the libraries and headers from the add-on's own build
// description, and the files of a program from its includes, so that nothing is listed twice.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const NATIVE = fileURLToPath(new URL("../../../native/", import.meta.url));
export const CORE = join(NATIVE, "core");
/** Limit of one step. A compile takes two seconds, on a busy machine ten. */
const STEP_LIMIT_MS = 240_000;

export interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects: the status is the exit code or the signal's name. */
export function run(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; limitMs?: number } = {},
): Promise<Ended> {
  const { env, cwd, limitMs: timeout = STEP_LIMIT_MS } = options;
  return new Promise((resolve) => {
    const maxBuffer = 64 * 1024 * 1024;
    const child = execFile(
      program,
      args,
      { timeout, killSignal: "SIGKILL", env, cwd, maxBuffer },
      (error, stdout, stderr) => resolve({ status: error?.code ?? error?.signal ?? 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

export async function runOrFail(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; limitMs?: number } = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

export async function sourcesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.endsWith(".cc")).map((name) => join(directory, name));
}

/** The sources, and those of the core whose headers they include directly or indirectly. */
export function withCoreOf(sources: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (path: string) => {
    if (found.has(path) || !existsSync(path)) return;
    found.add(path);
    const header = path.replace(/\.cc$/, ".h");
    for (const file of [path, header].filter(existsSync)) {
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/^#include "([\w./-]+)\.h"$/gm)) {
        add(join(CORE, `${name}.cc`));
        add(join(dirname(path), `${basename(name)}.cc`));
      }
    }
  };
  sources.forEach(add);
  return [...found];
}

export interface Toolchain {
  readonly compiler: string;
  readonly compileFlags: readonly string[];
  readonly linkFlags: readonly string[];
}

/** Compiles and links one program. @returns its path */
export async function buildProgram(
  toolchain: Toolchain,
  sources: readonly string[],
  directory: string,
): Promise<string> {
  const objects = await compileAll(toolchain, sources, directory);
  return link(toolchain, [...objects.values()], join(directory, "program"));
}

/** Compiles as many files at a time as there are processors. @returns objects by source */
export async function compileAll(
  { compiler, compileFlags }: Omit<Toolchain, "linkFlags">,
  sources: readonly string[],
  directory: string,
): Promise<Map<string, string>> {
  const needs = await addonNeeds();
  const objects = new Map(sources.map((source, index) => [source, join(directory, `${index}.o`)]));
  const todo = objects.entries();
  const compileNext = async () => {
    for (const [source, object] of todo) {
      const paths = [CORE, dirname(source)].flatMap((path) => ["-I", path]);
      const flags = ["-std=c++20", ...compileFlags, ...needs.flags, ...paths];
      await runOrFail(compiler, [...flags, "-c", source, "-o", object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  return objects;
}

/** @returns the program's path */
export async function link(
  { compiler, linkFlags }: Omit<Toolchain, "compileFlags">,
  objects: readonly string[],
  program: string,
): Promise<string> {
  const { libraries } = await addonNeeds();
  await runOrFail(compiler, [...linkFlags, ...objects, "-o", program, ...libraries, "-lpthread"]);
  return program;
}

/** A GYP file is a Python literal. Values that it takes from a command come from the same command here. */
const READ_GYP = `
import ast, json, subprocess, sys
def ask(word):
    if not word.startswith('<!'): return [word]
    command = word.lstrip('<!@')[1:-1]
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.split()
target = ast.literal_eval(open('binding.gyp').read())['targets'][0]
words = lambda key: [said for word in target.get(key, []) for said in ask(word)]
flags = ['-isystem' + path for path in words('include_dirs')] + ['-D' + name for name in words('defines')]
given = words('cflags') + words('cflags_cc')
for at, flag in enumerate(given):
    if flag == '-isystem': flags.append(flag + given[at + 1])
    elif flag[:2] in ('-I', '-D') or flag.startswith('-isystem'): flags.append(flag)
print(json.dumps({'flags': flags, 'libraries': words('libraries')}))
`;

interface AddonNeeds {
  readonly flags: readonly string[];
  readonly libraries: readonly string[];
}

async function addonNeeds(): Promise<AddonNeeds> {
  const stdout = await runOrFail("python3", ["-c", READ_GYP], { cwd: NATIVE });
  // The script above types it.
  return JSON.parse(stdout) as AddonNeeds;
}

/** The names of the addons that native/binding.gyp builds where all libraries are. */
export function addonNames(): string[] {
  const text = readFileSync(join(NATIVE, "binding.gyp"), "utf8");
  return [...text.matchAll(/"target_name": "(\w+)"/g)].map(([, name = ""]) => name);
}
