// The allowed imports, derived from the sources, so that no comment or setting can disable a rule.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Import, readSources, type Source } from "./checks/sources.ts";

const sources = readSources();
const product = sources.filter(({ path }) => !/^(test|\.ci)\//.test(path));

/** Checks every import of the files under a folder. */
function assertImports(folder: string, isAllowed: (target: Import, source: Source) => boolean): void {
  const files = product.filter(({ path }) => path.startsWith(folder));
  assert.ok(files.length > 0, `${folder} holds no source`);
  const wrong = files.flatMap((source) =>
    source.imports
      .filter((one) => !isAllowed(one, source))
      .map(({ target }) => `${source.path} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
}

/** @returns the paths of the files of the product that hold a match */
function filesWith(pattern: RegExp): string[] {
  return product.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

/** @returns `path: use` for every use of one of these names */
function usesOf(files: readonly Source[], pattern: RegExp): string[] {
  return files.flatMap(({ path, uses }) =>
    [...uses].filter((use) => pattern.test(use)).map((use) => `${path}: ${use}`),
  );
}

/** The chart viewer is a page. Only its model is as pure as a chart. */
const isViewerPage = (path: string) => /^statecharts\/viewer\/(panes\/)?[^/]+$/.test(path);

const isIn = (folder: string) => (one: Import) => one.isOurs && one.target.startsWith(folder);
const isBuiltIn = (one: Import) => one.target.startsWith("node:");
/** These write generated documents, so they may use files. The contract and the charts may not. */
const generator = "rpc-schema/documents/generate-openrpc.ts";
const drawers = ["statecharts/generate-diagrams.ts", "statecharts/generate-drawings.ts"];

describe("layers", () => {
  test("the contract imports only itself and zod", () => {
    assertImports("rpc-schema/", (one, { path }) => {
      return isIn("rpc-schema/")(one) || one.target === "zod" || (path === generator && isBuiltIn(one));
    });
  });

  test("the charts import only themselves, the contract and xstate", () => {
    assertImports("statecharts/", (one, { path }) => {
      if (drawers.includes(path) && (isBuiltIn(one) || one.target.startsWith("elkjs/"))) return true;
      return isIn("statecharts/")(one) || isIn("rpc-schema/")(one) || /^xstate(\/|$)/.test(one.target);
    });
  });

  test("the charts use no clock, timer, random numbers or globals of their own", () => {
    const charts = sources.filter(
      ({ path }) => path.startsWith("statecharts/") && !drawers.includes(path) && !isViewerPage(path),
    );
    const effects =
      /^(Date\.now|Date|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(\)$|^(process|globalThis|console|document|window)\./;
    assert.deepEqual(usesOf(charts, effects), []);
  });

  test("the chart viewer imports only itself, the descriptions of charts, and types of the contract", () => {
    assertImports("statecharts/viewer/", (one) => {
      const isShared = isIn("statecharts/viewer/")(one) || isIn("statecharts/describe/")(one);
      return isShared || (isIn("rpc-schema/")(one) && one.isTypeOnly);
    });
  });

  test("the add-on's façade imports only itself and Node", () => {
    assertImports("native/", (one) => isIn("native/")(one) || isBuiltIn(one));
  });

  test("the plugin imports nothing of the tests", () => {
    assertImports("plugin/", (one) => !isIn("test/")(one));
  });

  test("the page's code imports only itself, the names of the host's messages, and types of the contract", () => {
    assertImports("plugin/ui/", (one) => {
      const isShared = one.target === "plugin/http/page-messages.ts";
      return isIn("plugin/ui/")(one) || isShared || (isIn("rpc-schema/")(one) && one.isTypeOnly);
    });
  });

  test("plugin/common imports only itself, Node, the contract and the type of a log", () => {
    assertImports("plugin/common/", (one) => {
      const isLogType = one.target === "plugin/log.ts" && one.isTypeOnly;
      return isIn("plugin/common/")(one) || isIn("rpc-schema/")(one) || isBuiltIn(one) || isLogType;
    });
  });

  test("plugin/http imports only itself, plugin/common, Node and types of the contract", () => {
    assertImports("plugin/http/", (one) => {
      const isShared = isIn("plugin/http/")(one) || isIn("plugin/common/")(one) || isBuiltIn(one);
      return isShared || (isIn("rpc-schema/")(one) && one.isTypeOnly);
    });
  });

  test("the exported parts of the page import nothing of the page around them", () => {
    for (const folder of ["plugin/ui/video/", "plugin/ui/link/"]) {
      const exported = /^plugin\/ui\/(video|link)\/|^plugin\/ui\/(dom|listeners)\.ts$/;
      assertImports(folder, (one) => !isIn("plugin/ui/")(one) || exported.test(one.target));
    }
  });

  test("the chart viewer's model imports none of its panes, and the panes not the page around them", () => {
    const isPane = isIn("statecharts/viewer/panes/");
    assertImports("statecharts/viewer/model/", (one) => !isPane(one));
    const page = /^statecharts\/viewer\/(main|viewer|rpc)\.ts$/;
    assertImports("statecharts/viewer/panes/", (one) => !page.test(one.target));
  });

  test("the folders of the plugin do not import each other in a circle", () => {
    const folderOf = (path: string) => path.split("/").slice(0, 2).join("/");
    const edges = new Map<string, Set<string>>();
    for (const { path, imports } of product.filter((source) => source.path.startsWith("plugin/"))) {
      const targets = imports.filter(isIn("plugin/")).map(({ target }) => folderOf(target));
      const others = targets.filter((target) => target !== folderOf(path));
      edges.set(folderOf(path), new Set([...(edges.get(folderOf(path)) ?? []), ...others]));
    }
    assert.deepEqual(findCircle(edges), []);
  });

  test("no file imports itself by way of others", () => {
    const edges = product.map(({ path, imports }) => {
      const targets = imports.filter(({ isOurs }) => isOurs).map(({ target }) => target);
      return [path, new Set(targets)] as const;
    });
    assert.deepEqual(findCircle(new Map(edges)), []);
  });
});

test("only the table of peer kinds names a kind; all others ask for a trait", () => {
  const table = "statecharts/link/peer-kinds.ts";
  const named = /(kind|kindOf)\b[^\n]*["'](plugin|native|browser|script)["']/i;
  const quoted = /["'](plugin|script)["']/;
  const isOfKinds = ({ text }: Source) => /\bPeerKind\b|peerKind|peer-kinds/.test(text);
  const wrong = product.filter(
    (source) =>
      source.path !== table && isOfKinds(source) && (named.test(source.text) || quoted.test(source.text)),
  );
  assert.ok(product.some(({ path }) => path === table));
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
});

describe("outside engines", () => {
  const engines: readonly [string, RegExp, string][] = [
    ["the WebRTC engine", /["']@roamhq\/wrtc["']/, "plugin/peer/wrtc-engine.ts"],
    ["the sound engine", /["']naudiodon["']/, "plugin/sound/process/portaudio.ts"],
    ["the native binary", /\.node["'`]/, "native/binding.ts"],
  ];
  for (const [name, pattern, module] of engines) {
    test(`${name} is loaded by ${module} alone`, () => assert.deepEqual(filesWith(pattern), [module]));
  }

  test("libp2p is loaded by plugin/signalling/libp2p/ alone", () => {
    const users = filesWith(/["'](libp2p|@libp2p\/[^"']*|@multiformats\/[^"']*)["']/);
    assert.ok(users.length > 0);
    assert.deepEqual(
      users.filter((path) => !path.startsWith("plugin/signalling/libp2p/")),
      [],
    );
    // It takes 0.4 s to load, so it is imported only on demand.
    const importers = product.filter(
      ({ path, imports }) =>
        !path.startsWith("plugin/signalling/libp2p/") &&
        imports.some(
          ({ target, isTypeOnly }) => target.startsWith("plugin/signalling/libp2p/") && !isTypeOnly,
        ),
    );
    assert.deepEqual(
      importers.map(({ path }) => path),
      ["plugin/signalling/libp2p-signalling.ts"],
    );
  });

  const homes: readonly [string, string, ...string[]][] = [
    ["json-rpc-2.0", "product", "plugin/rpc/json-rpc.ts"],
    ["@jellybrick/dbus-next", "product", "plugin/dbus/bus.ts"],
    ["ws", "product", "plugin/host/", "plugin/frames/", "plugin/diagnostics/"],
    ["@statelyai/inspect", "test", "test/"],
    ["multicast-dns", "product", "plugin/signalling/discovery/"],
    ["@noble/ciphers/salsa.js", "product", "plugin/signalling/encryption/"],
    ["pngjs", "product", "plugin/frames/"],
    ["playwright-core", "test", "test/"],
  ];
  for (const [name, where, ...folders] of homes) {
    test(`${name} stays in ${folders.join(" and ")}`, () => {
      const files = where === "test" ? sources : product;
      const users = files.filter(({ imports }) => imports.some(({ target }) => target === name));
      assert.deepEqual(
        users.map(({ path }) => path).filter((path) => !folders.some((folder) => path.startsWith(folder))),
        [],
      );
    });
  }

  test("only the programs themselves read the environment, the arguments or end the process", () => {
    const programs =
      /^plugin\/(main|program|sound\/process\/sound-process|host\/(example\/program|conformance\/(fake|piped)-plugin|main|demo|bridge))\.ts$|^(rpc-schema\/documents|statecharts)\/generate-/;
    const others = product.filter(({ path }) => !programs.test(path) && !path.startsWith("plugin/ui/"));
    assert.deepEqual(usesOf(others, /^process\.(env|argv|exit|exitCode|abort|kill)\b/), []);
  });
});

describe("refusals of the system", () => {
  const plugin = product.filter(({ path }) => path.startsWith("plugin/") && !path.startsWith("plugin/ui/"));
  const importersOf = (names: RegExp, module: string) =>
    plugin
      .filter(({ text }) => {
        const imported = new RegExp(`import \\{([^}]*)\\} from "${module}"`).exec(text)?.[1] ?? "";
        return imported.split(",").some((name) => names.test(name.trim()));
      })
      .map(({ path }) => path);
  const without = (paths: readonly string[], handler: RegExp) =>
    paths.filter((path) => !handler.test(plugin.find((one) => one.path === path)?.text ?? ""));

  test("programs are started by one module, whose failures are events, and by three that must do without it", () => {
    assert.deepEqual(importersOf(/^(spawn|fork|exec|execFile|\w+Sync)$/, "node:child_process"), [
      "plugin/common/child-process.ts",
      // The conformance suite, which names the failure in the scene that it ends.
      "plugin/host/conformance/command-host.ts",
      // Imports nothing of this project.
      "plugin/host/example/connection.ts",
      // Gets the failure by its callback.
      "plugin/tools/real-system.ts",
    ]);
  });

  test("servers listen by one module, which handles connections that cannot be accepted", () => {
    const listeners = plugin.filter(({ uses }) => [...uses].some((use) => /(^|\.)server\.listen$/.test(use)));
    assert.deepEqual(
      listeners.map(({ path }) => path),
      // The suite's own plugin processes connect to a socket in a folder of its own.
      ["plugin/host/conformance/fake-plugin.ts", "plugin/http/loopback.ts"],
    );
    const servers = plugin.filter(({ uses }) => uses.has("createServer()")).map(({ path }) => path);
    assert.ok(servers.length > 0);
    // The relay has one connection, of this process, to a socket in a folder of its own. Who connects has a deadline.
    const excepted = ["plugin/host/conformance/", "plugin/dbus/descriptor-relay.ts"];
    const others = servers.filter((path) => !excepted.some((one) => path.startsWith(one)));
    assert.deepEqual(without(others, /\blistenOn(Loopback)?\(/), []);
    const sockets = plugin.filter(({ uses }) => uses.has("WebSocketServer()")).map(({ path }) => path);
    assert.deepEqual(without(sockets, /noServer: true/), []);
  });

  test("workers, connections and watchers handle their event `error`", () => {
    const sources = [
      ...importersOf(/^Worker$/, "node:worker_threads"),
      ...importersOf(/^(connect|createConnection)$/, "node:net"),
      ...importersOf(/^watch$/, "node:fs"),
    ];
    assert.ok(sources.length >= 4, sources.join());
    assert.deepEqual(without(sources, /\.(on|once)\("error"/), []);
  });

  test("files are opened where a failure is caught, named to the user, or ends a command", () => {
    const opens =
      /^(open|openSync|opendir|readFile|readFileSync|writeFile|writeFileSync|appendFile|mkdir|mkdirSync|mkdtemp|mkdtempSync|createReadStream|createWriteStream|readdir|readdirSync|copyFile|cp)$/;
    const openers = [...importersOf(opens, "node:fs"), ...importersOf(opens, "node:fs/promises")];
    const handled = /\bcatch\b|FileError|\.on\("error"/;
    assert.deepEqual([...without(openers, handled)].sort(), [
      // `createFileHandler` catches.
      "plugin/diagnostics/viewer-files.ts",
      // Each is read at the start of a host or a page server, which then does not start and says why.
      "plugin/host/example/document.ts",
      "plugin/http/page-folder.ts",
      // Its callers listen for errors.
      "plugin/rpc/open-writable.ts",
    ]);
  });
});

describe("clocks", () => {
  /** Pages cannot load the plugin's clock. They read the date once, where they count from one or name a file after it. */
  const readers = [
    "plugin/common/clock.ts",
    "plugin/ui/actions.ts",
    "plugin/ui/components/call/call-view.ts",
    "plugin/ui/missed/missed-calls.ts",
    "statecharts/viewer/texts.ts",
    "statecharts/viewer/viewer.ts",
  ];

  test("only a short list of files reads the date, so that nothing measures a duration with it", () => {
    const uses = product.filter(({ uses }) =>
      [...uses].some((use) => /^(Date\.now|performance\.timeOrigin)$|^(new )?Date\(\)$/.test(use)),
    );
    assert.deepEqual(
      uses.map(({ path }) => path),
      readers,
    );
  });

  test("the addon reads the date in one place", () => {
    const files = readdirSync("native/core", { recursive: true, encoding: "utf8" });
    const readers = files.filter(
      (name) =>
        /\.(cc|h)$/.test(name) &&
        /CLOCK_REALTIME|system_clock|gettimeofday|\btime\((NULL|nullptr|0)\)/.test(
          readFileSync(join("native/core", name), "utf8").replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, ""),
        ),
    );
    assert.deepEqual(readers, ["system/clock.cc"]);
  });
});

test("the user's name is read by one module, since a user may have none", () => {
  assert.deepEqual(filesWith(/\buserInfo\b/), ["plugin/common/user-name.ts"]);
});

test("the network interfaces are read by one module, since the system may refuse them", () => {
  assert.deepEqual(filesWith(/import \{[^}]*\bnetworkInterfaces\b/), ["plugin/common/machine-interfaces.ts"]);
});

test("no folder is created with Node's recursive mkdir, which never ends below /proc", () => {
  // A generator creates only a folder of the repository.
  const recursive = filesWith(/mkdir(Sync)?\([^;]*recursive/).filter((path) => !drawers.includes(path));
  assert.deepEqual(recursive, []);
});

/** @returns a circle's members in order, the first one repeated at the end; empty when there is none */
function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const finished = new Set<string>();
  const walk = (name: string, path: readonly string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (finished.has(name)) return [];
    for (const next of edges.get(name) ?? []) {
      const circle = walk(next, [...path, name]);
      if (circle.length > 0) return circle;
    }
    finished.add(name);
    return [];
  };
  return [...edges.keys()].map((name) => walk(name, [])).find((circle) => circle.length > 0) ?? [];
}

test("every loopback server guards its connections and counts what it refuses", () => {
  const servers = filesWith(/\blistenOn(Loopback)?\(/).filter((path) => path !== "plugin/http/loopback.ts");
  assert.ok(servers.length >= 4, servers.join());
  const withGuard = new Set(filesWith(/new ConnectionGuard\(/));
  assert.deepEqual(
    servers.filter((path) => !withGuard.has(path)),
    [],
  );
  // Another server would have neither. The two others listen on a socket of the file system, in a folder of their own.
  assert.deepEqual(
    filesWith(/\b(createServer|new (http\.)?Server)\(/).sort(),
    [...servers, "plugin/dbus/descriptor-relay.ts", "plugin/host/conformance/fake-plugin.ts"].sort(),
  );
});
