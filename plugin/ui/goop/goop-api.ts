// `Goop.api.call`: functions for the host's `/api/call/*` routes. Each request carries the session token, which the host requires.

interface ChannelBody {
  channel_id: string;
}

interface PeerBody extends ChannelBody {
  remote_peer: string;
}

/** One call in the host's answers. */
interface SessionStatus extends PeerBody {
  is_origin: boolean;
  pc_state: string;
  audio_on: boolean;
  video_on: boolean;
  hung: boolean;
}

export type CallApi = ReturnType<typeof createCallApi>;

/** Each function throws an Error with the host's text when the host refuses the request. */
export function createCallApi(token: string) {
  const send = async (name: string, body?: object): Promise<unknown> => {
    const response = await fetch(`/api/call/${name}`, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${(await response.text()).trim()}`);
    return await response.json();
  };
  // The answers are not validated; their types follow the host's documentation.
  const route =
    <Answer>(name: string) =>
    () =>
      send(name) as Promise<Answer>;
  const post =
    <Body extends object, Answer>(name: string) =>
    (body: Body) =>
      send(name, body) as Promise<Answer>;
  return {
    mode: route<{ mode: "native" | "browser"; first: boolean; platform: string }>("mode"),
    active: route<SessionStatus[]>("active"),
    debug: route<{ session_count: number; sessions: SessionStatus[] }>("debug"),
    start: post<PeerBody, { status: string; channel_id: string }>("start"),
    accept: post<PeerBody, { status: string; channel_id: string }>("accept"),
    hangup: post<ChannelBody, { status: "hung_up" | "not_found" }>("hangup"),
    toggleAudio: post<ChannelBody, { muted: boolean }>("toggle-audio"),
    toggleVideo: post<ChannelBody, { disabled: boolean }>("toggle-video"),
    /** For an `<img>`. */
    videoUrl: (channelId: string) => `/api/call/video/${channelId}?token=${token}`,
    selfVideoUrl: (channelId: string) => `/api/call/selfvideo/${channelId}?token=${token}`,
  };
}
