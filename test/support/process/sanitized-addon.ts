// Builds a copy of the add-on with a sanitizer, in a folder of its own and with the same build description. Node itself is
// built without a sanitizer, so the sanitizer's library is preloaded.

import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, NATIVE, run, runOrFail } from "./cpp-build.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MODULES = join(ROOT, "node_modules");

/** A build takes half a minute on an idle machine. */
const BUILD_LIMIT_MS = 400_000;
/** Thirty times what the thread sanitizer needs on an idle machine. */
const RUN_LIMIT_MS = 150_000;

export type Sanitizer = "address" | "thread";

const FLAGS: Readonly<Record<Sanitizer, string>> = {
  // Node exports virtual tables of its own for some of the templates used here, without type information to check (vptr). The
  // optimizer needs three times as long for this code.
  address: "-O0 -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all",
  thread: "-O1 -fsanitize=thread",
};
/**
 * V8's threads synchronise in ways that the thread sanitizer does not see, and cause hundreds of reports. Without them hardly more
 * than the addon's threads are left.
 */
const NODE_FLAGS: Readonly<Record<Sanitizer, readonly string[]>> = {
  address: ["--expose-gc"],
  thread: ["--expose-gc", "--single-threaded"],
};
const LIBRARY: Readonly<Record<Sanitizer, string>> = { address: "libasan.so", thread: "libtsan.so" };

export interface SanitizedAddon {
  /** The façade of the sanitized addon, to be imported. */
  readonly index: string;
  /** Runs a script in Node with the sanitizer loaded; `environment` adds its options. */
  runScript(script: string, environment: NodeJS.ProcessEnv): Promise<Ended>;
  remove(): Promise<void>;
}

export async function buildSanitizedAddon(sanitizer: Sanitizer): Promise<SanitizedAddon> {
  const folder = await mkdtemp(join(tmpdir(), `addon-${sanitizer}-`));
  const remove = () => rm(folder, { recursive: true });
  try {
    const native = join(folder, "native");
    const built = join(NATIVE, "build");
    await cp(NATIVE, native, { recursive: true, filter: (path) => path !== built });
    await symlink(MODULES, join(folder, "node_modules"));
    const flags = `${FLAGS[sanitizer]} -g1 -fno-omit-frame-pointer`;
    const headers = join(MODULES, "node/node_modules", `node-linux-${process.arch}`);
    const env = {
      ...process.env,
      CXXFLAGS: flags,
      LDFLAGS: FLAGS[sanitizer],
      npm_config_nodedir: headers,
    };
    const gyp = join(MODULES, ".bin/node-gyp");
    await runOrFail(gyp, ["configure", "build", "--jobs=2", `--directory=${native}`], {
      env,
      limitMs: BUILD_LIMIT_MS,
    });
    const library = (await runOrFail("g++", [`-print-file-name=${LIBRARY[sanitizer]}`])).trim();
    const index = join(native, "index.ts");
    return {
      index,
      remove,
      runScript: (script, environment) =>
        run(process.execPath, [...NODE_FLAGS[sanitizer], script, index], {
          limitMs: RUN_LIMIT_MS,
          env: { ...process.env, ...environment, LD_PRELOAD: library },
        }),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
