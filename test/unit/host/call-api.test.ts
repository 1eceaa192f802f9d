// `/api/call/*` as Goop² answers it: each route's request, answer, polarity and errors, and the access checks.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { BOB, callWithBob, type ScriptedHost, startScriptedHost } from "../../support/fakes/scripted-host.ts";

const DEVICE = {
  microphone: { state: "live" },
  camera: { state: "live" },
  speaker: { state: "live" },
} as const;

describe("/api/call", { timeout: 60_000 }, () => {
  let scripted: ScriptedHost;
  before(async () => {
    scripted = await startScriptedHost();
  });
  after(() => scripted?.host.stop());
  beforeEach(async () => {
    const { calls } = await scripted.host.plugin.request("call.list", {});
    for (const { callId } of calls) await scripted.host.plugin.request("call.hangup", { callId });
    scripted.forget();
  });

  interface Answer {
    readonly status: number;
    readonly text: string;
    readonly type: string;
  }
  const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const { port, token } = scripted.host;
    const outgoing = request({
      host: "127.0.0.1",
      port,
      path: `/api/call/${path}`,
      method,
      agent: false,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    outgoing.end(body);
    const [response]: [IncomingMessage] = (await once(outgoing, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    const type = response.headers["content-type"] ?? "";
    return { status: response.statusCode ?? 0, text: text.trimEnd(), type } satisfies Answer;
  };
  const get = async (path: string) => JSON.parse((await send("GET", path)).text);
  const post = (path: string, body: object) => send("POST", path, JSON.stringify(body));
  const script = async (call: Partial<CallInfo>, isIncoming = false): Promise<string> => {
    const whole = callWithBob(call);
    const { plugin } = scripted.host;
    const notified = new Promise<void>((resolve) => {
      const off = plugin.onNotification(isIncoming ? "call.incoming" : "call.changed", () => {
        off();
        resolve();
      });
    });
    scripted.script({ do: "call", call: whole, isIncoming });
    await notified;
    return whole.callId;
  };

  test("mode is native, and first is true once in the process's life", async () => {
    assert.deepEqual(await get("mode"), { mode: "native", first: true, platform: "linux" });
    assert.deepEqual(await get("mode"), { mode: "native", first: false, platform: "linux" });
  });

  test("active lists sessions with the states of a peer connection, and debug counts them", async () => {
    assert.deepEqual(await get("active"), []);
    assert.deepEqual(await get("debug"), { session_count: 0, sessions: [] });
    const channel_id = await script({});
    const session = {
      channel_id,
      remote_peer: BOB,
      is_origin: true,
      pc_state: "connected",
      audio_on: true,
      video_on: true,
      hung: false,
    };
    assert.deepEqual(await get("active"), [session]);
    assert.deepEqual(await get("debug"), { session_count: 1, sessions: [session] });
  });

  for (const [phase, pcState] of [
    ["requesting", "unknown"],
    ["ringing", "unknown"],
    ["connecting", "connecting"],
    ["connected", "connected"],
    ["reconnecting", "disconnected"],
  ] as const) {
    test(`a call that is ${phase} has the state ${pcState}`, async () => {
      await script({ phase });
      assert.equal((await get("active"))[0].pc_state, pcState);
    });
  }

  test("an incoming call that rings is not a session", async () => {
    const channel_id = await script({ direction: "incoming", phase: "ringing" }, true);
    assert.deepEqual(await get("active"), []);
    assert.equal((await post("toggle-audio", { channel_id })).status, 404);
  });

  test("start calls the peer under the page's own channel id, which then names it everywhere", async () => {
    const started = await post("start", { channel_id: "nc-ab12cd34", remote_peer: BOB });
    assert.equal(started.status, 200);
    assert.match(started.type, /^application\/json/);
    assert.deepEqual(JSON.parse(started.text), { status: "started", channel_id: "nc-ab12cd34" });
    assert.match(await scripted.asked(/^call\.start/), /"media":"video"/);
    assert.equal((await get("active"))[0].channel_id, "nc-ab12cd34");
    assert.deepEqual(JSON.parse((await post("hangup", { channel_id: "nc-ab12cd34" })).text), {
      status: "hung_up",
    });
    assert.deepEqual(await get("active"), []);
    assert.deepEqual(JSON.parse((await post("hangup", { channel_id: "nc-ab12cd34" })).text), {
      status: "not_found",
    });
  });

  test("start without a peer is a bad request, and a refusal of the plugin is a failure with its message", async () => {
    assert.equal((await post("start", { channel_id: "nc-1" })).status, 400);
    await script({});
    const refused = await post("start", { channel_id: "nc-2", remote_peer: BOB });
    assert.equal(refused.status, 500);
    assert.match(refused.text, /alreadyInCall/);
    assert.match(refused.type, /^text\/plain/);
  });

  test("accept accepts the call that rings", async () => {
    const channel_id = await script({ direction: "incoming", phase: "ringing" }, true);
    const accepted = await post("accept", { channel_id, remote_peer: BOB });
    assert.deepEqual(JSON.parse(accepted.text), { status: "accepted", channel_id });
    assert.equal((await get("active"))[0].is_origin, false);
    assert.equal((await post("accept", { channel_id: "nc-none", remote_peer: BOB })).status, 500);
    assert.equal((await post("accept", {})).status, 400);
  });

  test("toggles answer muted or disabled, and switch back the second time", async () => {
    const channel_id = await script({ local: { ...DEVICE, mediaLevel: "pictureAndVoice" } });
    assert.deepEqual(JSON.parse((await post("toggle-audio", { channel_id })).text), { muted: true });
    assert.equal((await get("active"))[0].audio_on, false);
    assert.deepEqual(JSON.parse((await post("toggle-audio", { channel_id })).text), { muted: false });
    assert.equal((await get("active"))[0].audio_on, true);
    assert.deepEqual(JSON.parse((await post("toggle-video", { channel_id })).text), { disabled: true });
    assert.equal((await get("active"))[0].video_on, false);
    assert.deepEqual(JSON.parse((await post("toggle-video", { channel_id })).text), { disabled: false });
    const unknown = await post("toggle-video", { channel_id: "nc-none" });
    assert.deepEqual([unknown.status, unknown.text], [404, "session not found"]);
  });

  test("a body that is not a JSON object, or is too large, is a bad request with the reason", async () => {
    for (const body of ["{", "", "[]", "null", "1", `{"a":"${"x".repeat(20_000)}"}`]) {
      for (const path of ["start", "accept", "hangup", "toggle-audio", "toggle-video"]) {
        const { status, text } = await send("POST", path, body);
        assert.deepEqual([status, text.slice(0, 14)], [400, "invalid json: "], `${path} ${body.slice(0, 9)}`);
      }
    }
  });

  test("every route refuses the wrong method", async () => {
    for (const path of ["mode", "active", "debug", "media/c", "self/c", "video/c", "selfvideo/c"]) {
      assert.equal((await send("POST", path, "{}")).status, 405, path);
    }
    for (const path of ["start", "accept", "hangup", "toggle-audio", "toggle-video", "loopback/c/offer"]) {
      assert.equal((await send("GET", path)).status, 405, path);
    }
  });

  test("an unknown route is not found, whatever its name", async () => {
    for (const path of ["", "nothing", "constructor", "__proto__", "loopback/c/else"]) {
      assert.equal((await send(path.startsWith("loop") ? "POST" : "GET", path)).status, 404, path);
    }
  });

  test("the loopback routes answer as in Goop²", async () => {
    const offer = await post("loopback/c/offer", { sdp: "v=0" });
    assert.deepEqual(JSON.parse(offer.text), { sdp: "", status: "loopback SDP not implemented" });
    assert.deepEqual(JSON.parse((await post("loopback/c/ice", { candidate: "" })).text), { status: "ok" });
  });

  test("WebM is refused, and the answer names the alternative", async () => {
    const channel = await script({});
    for (const path of ["media", "self"]) {
      const { status, text } = await send("GET", `${path}/${channel}`);
      assert.equal(status, 501);
      assert.match(text, /\/api\/call\/video/);
      assert.equal((await send("GET", `${path}/nc-none`)).status, 404);
      assert.equal((await send("GET", `${path}/`)).status, 400);
    }
  });

  test("a request needs the session's token, the own page's origin and the own host name", async () => {
    const { port, token } = scripted.host;
    const origin = `http://127.0.0.1:${port}`;
    for (const [headers, status] of [
      [{ authorization: "" }, 401],
      [{ authorization: "Bearer x" }, 401],
      [{ authorization: `Basic ${token}` }, 401],
      [{ host: "evil.example" }, 403],
      [{ host: `evil.example:${port}` }, 403],
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ origin: `http://127.0.0.1:${port + 1}` }, 403],
      [{ "sec-fetch-site": "same-site" }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ origin, "sec-fetch-site": "same-origin" }, 200],
    ] as const) {
      assert.equal((await send("GET", "active", undefined, headers)).status, status, JSON.stringify(headers));
    }
    const byUrl = { authorization: "" };
    assert.equal((await send("GET", `active?token=${token}`, undefined, byUrl)).status, 200);
    assert.equal((await send("GET", `active?token=${token}x`, undefined, byUrl)).status, 401);
  });
});
