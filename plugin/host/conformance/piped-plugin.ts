// The program of fake-plugin.ts. It connects its standard input and output to a socket, whose path is its only
// argument. At the other end of the socket a test acts as the plugin.

import { connect } from "node:net";

const socket = connect({ path: process.argv[2] ?? "" });
socket.write(`${process.pid}\n`);
process.stdin.pipe(socket, { end: false });
// Closing the socket would signal the end of this process, so a line signals the end of the input.
process.stdin.on("end", () => socket.write("input ended\n"));
socket.pipe(process.stdout);
// The test has ended, or ends this process.
socket.on("end", () => process.exit(0));
socket.on("error", () => process.exit(1));
