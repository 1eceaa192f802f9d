// Fails when a Go file of this repository is not formatted as by gofmt. Without Go it says so and passes; the tests need Go anyway.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("../..", import.meta.url));
const { stdout, stderr, error, status } = spawnSync("gofmt", ["-l", "plugin"], { cwd, encoding: "utf8" });
if (error) console.error(`not checked: gofmt cannot be started: ${error.message}`);
else if (status !== 0) {
  process.stderr.write(stderr);
  process.exitCode = 1;
} else if (stdout !== "") {
  process.stderr.write(`run gofmt -w on these files:\n${stdout}`);
  process.exitCode = 1;
}
