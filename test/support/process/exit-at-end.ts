// Import this in a test file that makes calls with libwebrtc. The engine crashes when the process ends naturally
// (plugin/peer/README.md), which would fail a file that passed. Exiting from the exit handler avoids that crash.

process.on("exit", (code) => process.exit(code));
// Node prints an uncaught error after that event only.
process.on("uncaughtExceptionMonitor", (error) => process.stderr.write(`${error.stack ?? error}\n`));
