// Compiles the addons on another Debian release, in a chroot. Their libraries have other names and versions there.

import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder, openChroot, packageCache } from "./chroot.ts";
import { type SharedLibraries, sharedLibraries } from "./debian.ts";
import type { CompiledFiles, StageOptions } from "./stage.ts";

/** A compiler, the headers of the libraries, and dpkg-shlibdeps(1). */
const BUILD_PACKAGES = [
  "g++",
  "make",
  "python3",
  "pkg-config",
  "dpkg-dev",
  "libturbojpeg0-dev",
  "libjpeg-dev",
  "libyuv-dev",
  "libwebrtc-audio-processing-dev",
  "libpulse-dev",
  "libpipewire-0.3-dev",
  "libspeexdsp-dev",
  "libasound2-dev",
  "libxcb-composite0-dev",
  "libxcb-damage0-dev",
  "libxcb-randr0-dev",
  "libxcb-shm0-dev",
  "libxcb-xfixes0-dev",
];
const FILES = ["callnative.node", "callpipewire.node", "naudiodon.node", "libportaudio.so.2", "callx11.node"];
/** The session sees the repository at /repository and writes into a layer above it, so nothing here changes. */
const BUILD = `set -e
mkdir /layer /source
mount -t tmpfs layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/repository,upperdir=/layer/upper,workdir=/layer/work overlay /source
cd /source
export PATH="$PWD/node_modules/.bin:$PATH"
rm -rf native/build node_modules/naudiodon/build
bash .ci/build native
cd node_modules/naudiodon
CXXFLAGS='-include string' node-gyp rebuild --nodedir="$(echo /source/node_modules/node/node_modules/node-linux-*)"
cp build/Release/naudiodon.node build/Release/libportaudio.so.2 /source/native/build/Release/call*.node /out/
`;

type Addons = NonNullable<StageOptions["addons"]>;

/**
 * @param release 12 or 13
 * @returns the compiled files, in the user's cache folder; compiled again when the addon's sources or Node have changed
 * @throws Error with the compiler's messages
 */
export async function buildAddons(root: string, release: string): Promise<Addons> {
  const target = join(cacheFolder(), `addons-${release}-${sourceKey(root)}`);
  if (!existsSync(target)) await compile(root, release, target);
  const [native = "", pipewire = "", sound = "", portAudio = "", x11 = ""] = FILES.map((name) =>
    join(target, name),
  );
  return { native, pipewire, sound, portAudio, x11 };
}

async function compile(root: string, release: string, target: string): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const made = mkdtempSync(join(cacheFolder(), "making-"));
  try {
    const out = join(made, "out");
    mkdirSync(out);
    await inBuildSystem(release, { "/repository": root, "/out": out }, (session) =>
      session.run("sh", "-c", BUILD),
    );
    cpSync(out, join(made, "addons"), { recursive: true });
    renameSync(join(made, "addons"), target);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** @param tree the staged tree, which the session sees under its own path. @returns as `sharedLibraries` */
export async function sharedLibrariesOn(
  release: string,
  folder: string,
  compiled: CompiledFiles,
): Promise<SharedLibraries> {
  let found: SharedLibraries = { depends: "", recommends: "" };
  await inBuildSystem(release, { [folder]: folder }, (session) => {
    found = sharedLibraries(compiled, (program, args) => session.run(program, ...args));
  });
  return found;
}

async function inBuildSystem(
  release: string,
  binds: Readonly<Record<string, string>>,
  use: (session: Awaited<ReturnType<typeof openChroot>>) => void,
): Promise<void> {
  const archives = { "/var/cache/apt/archives": packageCache(release) };
  const session = await openChroot({ release, packages: BUILD_PACKAGES, binds: { ...binds, ...archives } });
  try {
    use(session);
  } finally {
    await session.close();
  }
}

/** The same sources as in .ci/build, and what else decides about the bytes. */
function sourceKey(root: string): string {
  const sources = globSync("native/**/*.{cc,h,gyp,sh}", { cwd: root }).filter(
    (path) => !path.startsWith("native/build/"),
  );
  const hash = createHash("sha256").update(process.version).update(BUILD);
  for (const path of [...sources.sort(), "node_modules/naudiodon/package.json"]) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}
