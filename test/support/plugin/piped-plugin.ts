// A plugin's program that decides nothing: its standard input and output are joined to a socket, at whose other end a test
// plays the plugin (plugin-seat.ts). Its only argument is the socket's path.

import { connect } from "node:net";

const socket = connect({ path: process.argv[2] ?? "" });
socket.write(`${process.pid}\n`);
process.stdin.pipe(socket, { end: false });
// The end of the socket means the end of this process, so the end of the input is a line of its own.
process.stdin.on("end", () => socket.write("input ended\n"));
socket.pipe(process.stdout);
// The test has gone, or wants this process to leave by itself.
socket.on("end", () => process.exit(0));
socket.on("error", () => process.exit(1));
