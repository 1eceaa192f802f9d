// Loading the addon, the end of a process that uses it, and its effect on stdout and sockets.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { loadNative } from "../../../native/index.ts";

const NATIVE = fileURLToPath(new URL("../../../native/", import.meta.url));
/** As a URL, because a worker made from text has no folder to resolve paths from. */
const FACADE = new URL("../../../native/index.ts", import.meta.url).href;
const LIMIT_MS = 30_000;
const OPEN_PATTERN = `
  const { loadNative } = await import(${JSON.stringify(FACADE)});
  const native = loadNative();
  const first = Promise.withResolvers();
  const capture = await native.openPattern(
    { width: 320, height: 240, fps: 60 }, { onFrame: () => first.resolve(), onError: first.reject });
  await first.promise;
`;

interface Ended {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script in a separate Node process. */
async function runScript(script: string): Promise<Ended> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [status, signal] = await once(child, "close");
  return { status: status ?? signal, stdout, stderr };
}

async function expectCleanEnd(script: string): Promise<Ended> {
  const ended = await runScript(script);
  assert.deepEqual([ended.status, ended.stderr], [0, ""]);
  return ended;
}

describe("a process with a capture", { timeout: 120_000 }, () => {
  test("ends by itself once the capture is closed", async () => {
    await expectCleanEnd(`${OPEN_PATTERN} await capture.close();`);
  });

  test("ends cleanly by process.exit while it captures and encodes", async () => {
    await expectCleanEnd(`${OPEN_PATTERN}
      const picture = { data: new Uint8Array(1280 * 720 * 1.5), width: 1280, height: 720 };
      native.createJpegEncoder().encode(picture, { maxWidth: 1280, quality: 80 });
      process.exit(0);`);
  });

  test("ends cleanly by process.exit while the capture opens or closes", async () => {
    await expectCleanEnd(`${OPEN_PATTERN}
      capture.close();
      native.openPattern({ width: 320, height: 240, fps: 60 }, { onFrame() {}, onError() {} });
      process.exit(0);`);
  });

  test("survives worker threads that are terminated during a capture", async () => {
    await expectCleanEnd(`
      import { Worker } from "node:worker_threads";
      import { once } from "node:events";
      for (let i = 0; i < 10; i++) {
        const code = ${JSON.stringify(OPEN_PATTERN)} + "(await import('node:worker_threads')).parentPort.postMessage(1);";
        const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(code)));
        await once(worker, "message");
        await worker.terminate();
      }
      const { readdirSync, readFileSync } = await import("node:fs");
      const names = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/comm", "utf8"));
      if (names.includes("capture\\n")) throw new Error("a capture thread was left");`);
  });

  test("reports an exception of the frame callback as uncaught, and releases the frame", async () => {
    const { stdout } = await expectCleanEnd(`
      const { loadNative } = await import(${JSON.stringify(FACADE)});
      let kept;
      process.on("uncaughtException", async (error) => {
        console.log(error.message);
        let isLent = true;
        try { kept.retain(); } catch { isLent = false; }
        console.log(isLent ? "still lent" : "given back");
        await capture.close();
      });
      const capture = await loadNative().openPattern({ width: 320, height: 240, fps: 1 }, {
        onFrame(frame) { kept = frame; throw new Error("from the callback"); }, onError() {} });`);
    assert.equal(stdout, "from the callback\ngiven back\n");
  });
});

describe("protectStdout", { timeout: 60_000 }, () => {
  test("redirects printed text to stderr, and keeps stdout for the protocol", async () => {
    const { status, stdout, stderr } = await runScript(`
      const { loadNative } = await import(${JSON.stringify(FACADE)});
      const { writeSync } = await import("node:fs");
      const fd = loadNative().protectStdout();
      writeSync(1, "noise\\n");
      writeSync(fd, "protocol\\n");`);
    assert.deepEqual([status, stdout, stderr], [0, "protocol\n", "noise\n"]);
  });

  test("makes the protocol's descriptor close-on-exec", async () => {
    const { status, stdout } = await runScript(`
      const { loadNative } = await import(${JSON.stringify(FACADE)});
      const { writeSync, readFileSync } = await import("node:fs");
      const fd = loadNative().protectStdout();
      // O_CLOEXEC, octal, in the flags of proc_pid_fdinfo(5).
      const flags = parseInt(/flags:\\s+(\\d+)/.exec(readFileSync("/proc/self/fdinfo/" + fd, "utf8"))[1], 8);
      writeSync(fd, String((flags & 0o2000000) !== 0));`);
    assert.deepEqual([status, stdout], [0, "true"]);
  });
});

describe("dieWithParent", { timeout: 60_000 }, () => {
  test("ends the process when its parent is killed", async () => {
    const child = `
      const { loadNative } = await import(${JSON.stringify(FACADE)});
      loadNative().dieWithParent();
      console.log("ready");
      setInterval(() => {}, 1000);`;
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `require("node:child_process").spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(child)}],
          { stdio: ["ignore", "inherit", "inherit"] });
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"], timeout: LIMIT_MS },
    );
    await once(parent.stdout, "data");
    // The grandchild holds the pipe's other end, which closes when that process has ended.
    const closed = once(parent, "close");
    parent.kill("SIGKILL");
    parent.stdout.resume();
    await closed;
  });
});

describe("loading the addon", { timeout: 60_000 }, () => {
  for (const place of ["native", "dist/native"]) {
    test(`finds the binary from ${place}/, and names file and remedy when it is missing`, async () => {
      const root = await mkdtemp(join(tmpdir(), "native-loading-"));
      try {
        await mkdir(join(root, place), { recursive: true });
        for (const name of await readdir(NATIVE)) {
          if (name.endsWith(".ts")) await cp(join(NATIVE, name), join(root, place, name));
        }
        const load = `
          const { loadNative } = await import(${JSON.stringify(join(root, place, "index.ts"))});
          try { console.log(typeof loadNative().readStamp); } catch (error) { console.log(error.message); }`;
        assert.match(
          (await expectCleanEnd(load)).stdout,
          /callnative\.node is missing; .*npm run build:native/,
        );
        await mkdir(join(root, "native"), { recursive: true });
        await symlink(join(NATIVE, "build"), join(root, "native/build"));
        assert.equal((await expectCleanEnd(load)).stdout, "function\n");
      } finally {
        await rm(root, { recursive: true });
      }
    });
  }
});

describe("openResettingListener", { timeout: 60_000 }, () => {
  const serve = (listening: string): string => `
    const { loadNative } = await import(${JSON.stringify(FACADE)});
    const { createServer } = await import("node:net");
    const server = createServer((socket) => socket.write("something"));
    server.listen(${listening}, () => console.log(server.address().port));`;

  for (const [listening, code] of [
    ["{ fd: loadNative().openResettingListener() }", "ECONNRESET"],
    ['{ port: 0, host: "127.0.0.1" }', undefined],
  ] as const) {
    test(`connections of a killed process end with ${code ?? "no error with Node's own listener"}`, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", serve(listening)], {
        stdio: ["ignore", "pipe", "inherit"],
        timeout: LIMIT_MS,
      });
      const [port] = await once(child.stdout, "data");
      const socket = connect(Number(port), "127.0.0.1");
      let failure: NodeJS.ErrnoException | undefined;
      socket.on("error", (error) => {
        failure = error;
      });
      const closed = new Promise((resolve) => socket.once("close", resolve));
      await once(socket, "data");
      child.kill("SIGKILL");
      await closed;
      assert.equal(failure?.code, code);
    });
  }

  test("is bound to loopback only", async () => {
    const server = createServer();
    server.listen({ fd: loadNative().openResettingListener() });
    await once(server, "listening");
    const { address } = server.address() as AddressInfo;
    assert.equal(address, "127.0.0.1");
    server.close();
  });
});
