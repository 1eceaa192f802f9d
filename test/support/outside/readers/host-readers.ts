// Readers of what a host, a page, another program on this machine or a running Goop² sends.

import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { mayLoadImage, mayOpenSocket, readFramePath } from "../../../../plugin/frames/frame-access.ts";
import { frameLineRoute } from "../../../../plugin/frames/frame-line.ts";
import { readContacts, readEvent } from "../../../../plugin/host/goop-bridge/answers.ts";
import { EventStreamDecoder } from "../../../../plugin/host/goop-bridge/event-stream.ts";
import { refusalOf } from "../../../../plugin/host/goop-pages/access.ts";
import {
  answerHeaders,
  ownLocation,
  type ProxyRoute,
  requestHeaders,
} from "../../../../plugin/host/goop-pages/headers.ts";
import { resolveDevice } from "../../../../plugin/host/settings/preferred-device.ts";
import { isSameToken } from "../../../../plugin/http/loopback.ts";
import { pageLinkRefusal } from "../../../../plugin/http/pages.ts";
import { createLineReader, decodeLine } from "../../../../plugin/rpc/line-reader.ts";
import { checkRequest } from "../../../../plugin/rpc/messages.ts";
import { hostNotifications, issuesOf, methods, settingsSchema } from "../../../../rpc-schema/index.ts";
import type { OutsideReader } from "../readers.ts";
import { chunksOf } from "./signalling-readers.ts";

const ORIGIN = "http://127.0.0.1:8080";
const PAGES: ProxyRoute = {
  goop: new URL("http://127.0.0.1:7777"),
  goopOrigins: ["http://127.0.0.1:7777"],
  ownOrigin: ORIGIN,
  cookieName: "goop_call_1",
  policyNeeds: { "script-src": ["self"], "connect-src": [ORIGIN] },
};
const CONTACTS = '[{"ID":"12D3KooWPeer","Content":"Alice","Reachable":true}]';

/** Every schema of the contract sees the params, and each refusal is explained. */
function checkAll(params: unknown): unknown {
  const schemas = [...Object.values(methods), ...Object.values(hostNotifications)].map((one) => one.params);
  return [settingsSchema, ...schemas].map((schema) => {
    const checked = schema.safeParse(params);
    return checked.success ? checked.data : issuesOf(checked.error, params, schema);
  });
}

function requestWith(headers: Readonly<Record<string, string | string[]>>): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, { host: "127.0.0.1:undefined", ...headers });
  request.url = "/link";
  return request;
}

export const hostReaders: readonly OutsideReader[] = [
  {
    name: "lines of the host",
    sources: [],
    seeds: [
      '{"jsonrpc":"2.0","id":1,"method":"call.start","params":{"peerId":"12D3KooWPeer","media":"video"}}\n',
    ],
    refusals: ["SyntaxError", "TypeError", "RpcError"],
    read(text) {
      const lines: Buffer[] = [];
      const reader = createLineReader({
        onLine: (line) => void lines.push(line),
        onTooLong: () => undefined,
      });
      for (const chunk of chunksOf(text)) reader.push(chunk);
      reader.push(Buffer.from("\n"));
      return lines
        .filter((line) => line.length > 0)
        .map((line) => checkRequest(JSON.parse(decodeLine(line))));
    },
  },
  {
    name: "params of the contract",
    sources: [
      "rpc-schema/methods/contacts.ts",
      "rpc-schema/methods/lifecycle.ts",
      "rpc-schema/methods/signals.ts",
      "rpc-schema/settings/settings.ts",
      "rpc-schema/validation/issues.ts",
    ],
    seeds: [
      '{"address":"/ip4/1.2.3.4/tcp/1/p2p/12D3KooWPeer","peerId":"12D3KooWPeer","callId":"c","media":"video"}',
      '{"iceServers":[{"urls":["stun:a"]}],"signalling":{"listen":["/ip4/0.0.0.0/tcp/0"]},"topic":"call:c","payload":{}}',
    ],
    refusals: ["SyntaxError"],
    read: (text) => checkAll(JSON.parse(text)),
  },
  {
    name: "texts in params of the contract",
    sources: [],
    seeds: ["/ip4/1.2.3.4/tcp/1/p2p/12D3KooWPeer", "call:c", "stun:a.example", ORIGIN],
    refusals: [],
    read: (text) =>
      checkAll({
        ...{ address: text, topic: text, callId: text, peerId: text, from: text, pageOrigins: [text] },
        ...{ dataDir: text, host: { name: text }, iceServers: [{ urls: [text] }], [text]: text },
        signalling: { listen: [text], peers: [text], relays: [text] },
      }),
  },
  {
    name: "requests to the frame server",
    sources: ["plugin/frames/frame-access.ts"],
    seeds: [`/pictures/s1?token=${"A".repeat(43)}`, ORIGIN],
    refusals: [],
    read: (text) => [
      readFramePath(text),
      mayOpenSocket({ origin: text }, [ORIGIN]),
      mayLoadImage({ referer: text }, [ORIGIN]),
      mayLoadImage({ "sec-fetch-site": text, host: text }, [ORIGIN]),
    ],
  },
  {
    name: "requests to the page server",
    sources: [],
    seeds: ["goop-call.v1, token.AAAA", ORIGIN],
    refusals: [],
    read: (text) => [
      pageLinkRefusal(requestWith({ origin: text, "sec-websocket-protocol": text }), "/link", "AAAA"),
      pageLinkRefusal(requestWith({ host: text, origin: `http://${text}` }), "/link", "AAAA"),
      isSameToken(text, "AAAA"),
    ],
  },
  {
    name: "requests to the pages of Goop², and their answers",
    sources: [],
    seeds: ["goop_call_1=AAAA; theme=dark", "default-src 'self'; script-src 'none'", "/p/x?y=1#z", ORIGIN],
    refusals: [],
    read: (text) => [
      refusalOf(requestWith({ cookie: text, origin: text, "sec-fetch-site": text }), {
        ...{ cookieName: PAGES.cookieName, token: "AAAA", isFramedByOthers: false },
      }),
      requestHeaders(requestWith({ cookie: text, connection: text, referer: text }), PAGES),
      answerHeaders(
        requestWith({ "content-security-policy": text, "set-cookie": [text], connection: text }),
        PAGES,
        true,
      ),
      ownLocation(text, text, PAGES),
    ],
  },
  {
    name: "server-sent events of Goop²",
    sources: ["plugin/host/goop-bridge/event-stream.ts", "plugin/host/goop-bridge/answers.ts"],
    seeds: [
      'event: message\ndata: {"from":"p","msg":{"topic":"call:c","payload":{}}}\n\n',
      "data: x\r\ndata: y\r\n\r\n",
    ],
    refusals: ["EventStreamError"],
    read(text) {
      const decoder = new EventStreamDecoder();
      return chunksOf(text).flatMap((chunk) => decoder.push(chunk).map(({ data }) => readEvent(data)));
    },
  },
  {
    name: "peers of Goop²",
    sources: [],
    seeds: [CONTACTS],
    refusals: ["SyntaxError"],
    read: (text) => readContacts(JSON.parse(text)),
  },
  {
    name: "frame lines on their way through the host",
    sources: ["plugin/frames/frame-line.ts"],
    seeds: ['{"jsonrpc":"2.0","method":"frame","params":{"stream":"s1","seq":1,"capturedAt":2'],
    refusals: [],
    read: (text) => frameLineRoute(Buffer.from(text)),
  },
  {
    name: "device in a stored setting",
    sources: ["plugin/host/settings/preferred-device.ts"],
    seeds: ["default", "0f".repeat(32), `${"A".repeat(43)}=`],
    refusals: [],
    read: (text) => resolveDevice(text, [{ id: "a", name: text, isDefault: true }]),
  },
];
