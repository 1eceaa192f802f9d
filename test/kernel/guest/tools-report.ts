// Runs inside the kernel machine: the command-line tools with vivid as the camera. Prints their output as one line of JSON,
// which test/kernel/tools.test.ts checks.

import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeviceTable } from "../../../plugin/tools/devices.ts";
import type { Finding } from "../../../plugin/tools/finding.ts";
import { columnsOf } from "./colour-columns.ts";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const MAIN = fileURLToPath(new URL("../../../dist/plugin/main.js", import.meta.url));
const LIMIT_MS = 120_000;
/** A user who may open no video node: the guest's belong to root alone. */
const NOBODY = { uid: 65_534, gid: 65_534 };

export type ToolsReport = Awaited<ReturnType<typeof report>>;

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function tool(...args: string[]): Promise<Ended> {
  return run({}, args);
}

/** @param user who runs the tool; root by default */
function run(
  user: { readonly uid?: number; readonly gid?: number },
  args: readonly string[],
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: LIMIT_MS, ...user }, (error, stdout, stderr) => {
      resolve({
        status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
}

async function report() {
  const devices = await tool("devices", "--json");
  const { cameras } = JSON.parse(devices.stdout) as DeviceTable;
  const forbidden = await run(NOBODY, ["devices", "--json"]);
  const held = openSync("/dev/video0", "r");
  const examined = await tool("doctor", "--json");
  closeSync(held);
  const out = mkdtempSync(join(tmpdir(), "capture-"));
  const id = cameras[0]?.id ?? "";
  const captured = await tool(
    "capture-test",
    "--camera",
    id,
    "--microphone",
    "none",
    "--seconds",
    "3",
    "--out",
    out,
  );
  const report = JSON.parse(examined.stdout) as { findings: Finding[] };
  return {
    cameras: cameras.map(({ name, modes }) => ({ name, modes: modes.length, first: modes[0] })),
    forbidden: (JSON.parse(forbidden.stdout) as DeviceTable).cameras.map(({ id, name, modes }) => ({
      path: id.split(" ", 1)[0] ?? "",
      name,
      modes: modes.length,
    })),
    nodes: readdirSync("/sys/class/video4linux")
      .filter((name) => name.startsWith("video"))
      .map((name) => ({
        path: `/dev/${name}`,
        name: readFileSync(`/sys/class/video4linux/${name}/name`, "utf8").trim(),
      })),
    doctorPid: process.pid,
    findings: report.findings.filter(({ check }) => check.startsWith("camera")),
    captured,
    picture: captured.status === 0 ? columnsOf(readFileSync(join(out, "camera.png"))) : null,
  };
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
