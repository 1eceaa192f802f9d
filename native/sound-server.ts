// The types and façade of the connection to a sound server: PulseAudio, or PipeWire's replacement of it, through libpulse.

/** A source or a sink as the server reports it. Texts are empty where it reports none. */
export interface ServerDevice {
  /** Valid until the device goes; the name survives restarts. */
  readonly index: number;
  readonly name: string;
  readonly description: string;
  /** The sink whose sound this source captures. */
  readonly monitorOf: string;
  /** Such as module-null-source.c, or PipeWire. */
  readonly driver: string;
  readonly deviceClass: string;
  readonly formFactor: string;
  readonly bus: string;
  /** ALSA's number and name of the card, and the name of the PCM. */
  readonly alsaCard: string;
  readonly alsaCardName: string;
  readonly alsaName: string;
  /** A device without streams is suspended after a few seconds. */
  readonly state: "running" | "idle" | "suspended" | "unknown";
  readonly isMuted: boolean;
  /** Mean of the channels, in per cent of the nominal volume. */
  readonly volume: number;
  /** Description of the active port. */
  readonly port: string;
  /** Whether something is plugged into the port. */
  readonly portAvailable: "yes" | "no" | "unknown" | "";
}

/** A stream with the property {@link STREAM_PROPERTY}. */
export interface ServerStream {
  readonly index: number;
  /** Index of its source or sink. */
  readonly device: number;
  readonly token: string;
  readonly isPlayback: boolean;
  readonly isMuted: boolean;
  readonly volume: number;
}

export interface ServerChange {
  /** Counts the changes of a connection. */
  readonly number: number;
  readonly what: "sink" | "source" | "playback" | "recording" | "server" | "card";
  readonly how: "new" | "change" | "remove";
  readonly index: number;
}

export interface ServerState {
  /** The number of the last change that this state certainly includes. */
  readonly through: number;
  readonly serverName: string;
  readonly defaultSink: string;
  readonly defaultSource: string;
  readonly sinks: readonly ServerDevice[];
  readonly sources: readonly ServerDevice[];
  readonly streams: readonly ServerStream[];
  /** ALSA's numbers of the cards that the server holds. */
  readonly alsaCards: readonly string[];
}

/** A stream carries this property, so that its owner finds it among the server's streams. */
export const STREAM_PROPERTY = "goop.call.stream";

export interface SoundServerOptions {
  /** As PULSE_SERVER in pulse-client.conf(5); absent: libpulse's default. */
  readonly server?: string | undefined;
  /** The file with the cookie; absent: libpulse's default. */
  readonly cookie?: string | undefined;
}

export interface SoundServerCallbacks {
  /** Comes before the state that includes the change. */
  onChange(change: ServerChange): void;
  onState(state: ServerState): void;
  /** The server is not there or has gone, or libpulse is missing. Nothing follows; the owner must still close. */
  onEnd(reason: string): void;
}

export interface SoundServerConnection {
  /** Idempotent. No callback runs afterwards. */
  close(): Promise<void>;
}

/** The addon's object. */
interface BoundSoundServer {
  take(): { changes: ServerChange[]; state: ServerState | null; end: string | null };
  close(): Promise<void>;
}

export type OpenBoundSoundServer = (server: string, cookie: string, listener: () => void) => BoundSoundServer;

/** Returns at once. Never starts a server. */
export function openServer(
  open: OpenBoundSoundServer,
  { server, cookie }: SoundServerOptions,
  callbacks: SoundServerCallbacks,
): SoundServerConnection {
  let closed: Promise<void> | null = null;
  const bound = open(server ?? "", cookie ?? "", () => {
    const { changes, state, end } = bound.take();
    for (const change of changes) if (closed === null) callbacks.onChange(change);
    if (state !== null && closed === null) callbacks.onState(state);
    if (end !== null && closed === null) callbacks.onEnd(end);
  });
  return {
    close() {
      closed ??= bound.close();
      return closed;
    },
  };
}
