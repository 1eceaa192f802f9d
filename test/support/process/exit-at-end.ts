// Import this in a test file that makes calls with libwebrtc: the engine crashes in a natural end of the process
// (plugin/peer/README.md), which would turn a green file red. Exiting from the exit handler skips that end.

process.on("exit", (code) => process.exit(code));
