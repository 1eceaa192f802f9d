// Chooses how frames reach the page: over the plugin's socket where the page can open it, and otherwise as data URLs over the
// host's link. A binary frame is neither base64 text nor passed on by the host, so it costs less on every way and comes sooner.
// Neither a strict host, another machine, a content security policy nor a firewall ends the pictures.

import {
  type FeedOptions,
  type FrameLink,
  type IncomingFrame,
  openLineFeed,
  openSocket,
  receiveLines,
  socketParams,
} from "./frame-feed.ts";
import type { OpenStream } from "./stream-subscription.ts";

/** A socket of the same machine opens within a few milliseconds. A packet filter may swallow the request. */
const OPEN_MS = 1_500;
/** Sockets in a row that opened and were lost before their first frame. */
const MAX_EMPTY = 3;
/** Until the socket is tried again, at the next stream that the page opens. */
const DISTRUST_MS = 5 * 60_000;

/** What the views of one link have learnt about the plugin's sockets. */
class SocketTrust {
  #distrustedUntilMs = Number.NEGATIVE_INFINITY;
  #empty = 0;

  get isTrusted(): boolean {
    return performance.now() >= this.#distrustedUntilMs;
  }

  /** Data URLs work where the socket did not. */
  distrust(): void {
    this.#empty = 0;
    this.#distrustedUntilMs = performance.now() + DISTRUST_MS;
  }

  gotFrame(): void {
    this.#empty = 0;
  }

  /** The socket had opened, and no frame came. */
  wasEmpty(): void {
    this.#empty += 1;
    if (this.#empty >= MAX_EMPTY) this.distrust();
  }
}

const trusts = new WeakMap<FrameLink, SocketTrust>();

function trustOf(link: FrameLink): SocketTrust {
  const trust = trusts.get(link) ?? new SocketTrust();
  trusts.set(link, trust);
  return trust;
}

/**
 * Opens a stream by the cheapest way that works.
 * @param onLost runs when the connection of an open stream is gone. A stream over the link ends with the link.
 * @throws LinkError when the stream cannot be opened in any way
 */
export async function openBestFeed(
  link: FrameLink,
  options: FeedOptions,
  onFrame: (frame: IncomingFrame) => void,
  onLost: () => void,
): Promise<OpenStream> {
  const trust = trustOf(link);
  if (!trust.isTrusted) return await openLineFeed(link, options, onFrame);
  let answer: { stream: string; url?: string | undefined };
  try {
    answer = await link.request("frames.subscribe", socketParams(options));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return await useLines(link, options, onFrame);
  }
  const { stream, url } = answer;
  // A plugin or a host that does not know the field sends what it always sends.
  if (url === undefined) return receiveLines(link, stream, onFrame);
  return (
    (await openTrusted(link, { stream, url }, trust, onFrame, onLost)) ??
    (await useLines(link, options, onFrame))
  );
}

/** The contract's name for a value that is not accepted, here the delivery. */
function isRefusal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "kind" in error && error.kind === "invalidParams";
}

/** The socket is to blame only if data URLs work: its call may have ended, or the plugin. */
async function useLines(
  link: FrameLink,
  options: FeedOptions,
  onFrame: (frame: IncomingFrame) => void,
): Promise<OpenStream> {
  const feed = await openLineFeed(link, options, onFrame);
  trustOf(link).distrust();
  return feed;
}

/** @returns undefined when the socket does not open. Its stream has ended then */
async function openTrusted(
  link: FrameLink,
  { stream, url }: { stream: string; url: string },
  trust: SocketTrust,
  onFrame: (frame: IncomingFrame) => void,
  onLost: () => void,
): Promise<OpenStream | undefined> {
  let isEmpty = true;
  const socket = openSocket(
    url,
    stream,
    (frame) => {
      isEmpty = false;
      trust.gotFrame();
      onFrame(frame);
    },
    () => {
      if (isEmpty) trust.wasEmpty();
      onLost();
    },
  );
  const close = async (): Promise<void> => {
    socket?.close();
    await link.request("frames.unsubscribe", { stream });
  };
  if (socket && (await socket.opened(OPEN_MS))) return { close };
  // It may have ended by itself. Its place among the call's streams must be free for the next request.
  await close().catch(() => undefined);
  return undefined;
}
