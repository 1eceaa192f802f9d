// Every wait and limit of signalling. The waits towards other peers are those of Goop² 2.4, since both sides must agree on
// which one gives up first.

export interface Timings {
  /** Limit for opening a stream to a peer, including the dial. */
  readonly openMs: number;
  /** Limit from a message's first byte to its acknowledgement. */
  readonly ackMs: number;
  /** Pause between the two attempts of a message. */
  readonly retryPauseMs: number;
  /** Limit for receiving a message, counted from the opening of its stream. */
  readonly readMs: number;
  /** Limit for handing an acknowledgement to the transport. */
  readonly ackWriteMs: number;
  /** Limit for the peer to close its half of a finished stream. After it, the stream is reset. */
  readonly closeMs: number;
  /** Limit for exchanging a label. */
  readonly labelMs: number;
  /** Least time between two identity requests to one peer, and between two identity messages. */
  readonly identityPauseMs: number;
  /**
   * Pauses before we exchange identities again after a connection began. A Goop² node is connected before it listens for
   * identities: those of the first 50 ms are acknowledged and lost. The first pause is well above that. The second is for a
   * machine under load.
   */
  readonly introduceAgainMs: readonly number[];
  /**
   * Age above which a proof that a peer has our key no longer counts. Goop² drops the keys of peers whose presence it did not
   * receive for minutes, even of connected ones.
   */
  readonly keyProofMs: number;
  /**
   * Pauses before an unanswered call request is repeated, since the peer's page took it. Goop²'s page loads within this time.
   * People seldom answer as fast. If one does, a later repeat would open Goop²'s dialog again, over the call.
   */
  readonly repeatRequestMs: readonly number[];
  /** Pause before it is repeated after the peer started. Goop²'s node is connected before it accepts messages. */
  readonly resendRequestMs: number;
  /** How long ago a connection may have closed, and how long a call request waits then, because the peer may be restarting. */
  readonly peerRestartMs: number;
  /** How long a hang-up, or the state of a call, waits until its peer can be reached again. Above the 150 s after which Goop² ends a dead call. */
  readonly lostSignalMs: number;
  /** Limit for a peer to prove that it has our key. Above `identityPauseMs`, which can delay a plugin's answer. */
  readonly keyCheckMs: number;
  /** How long a message that cannot be decrypted waits for its sender's key. */
  readonly holdSealedMs: number;
  /** Least time between two writes of the peers' keys, so that peers cannot keep the disk busy. */
  readonly saveKeysMs: number;
  /** Interval of our presence messages. Goop² uses the same. */
  readonly presenceHeartbeatMs: number;
  /** Least time between two presence messages. */
  readonly presencePauseMs: number;
  /** Silence after which a peer counts as offline. Goop² uses the same. */
  readonly presenceExpiryMs: number;
  /** Interval at which presence is checked for expiry. */
  readonly presenceSweepMs: number;
  /** Time offline after which a discovered peer stops being a contact. Goop² uses the same. */
  readonly forgetMs: number;
  /** Limit for sending our offline message when we close. */
  readonly goodbyeMs: number;
  /** Interval at which our relay reservations are checked. */
  readonly relayCheckMs: number;
  /** Limit for one dial. */
  readonly dialMs: number;
  /** First pause between two dials of one peer. Each further pause is twice as long, up to `maxRedialMs`. */
  readonly redialMs: number;
  readonly maxRedialMs: number;
  /** Interval at which our addresses are compared, since the operating system reports no network change. A call may wait for it. */
  readonly addressCheckMs: number;
  /** Limit for a connection to answer after our addresses changed. After it, the connection ends and the peer is dialled. */
  readonly deadConnectionMs: number;
  /** Limit for stopping the node. The host allows the plugin one second to exit, the offline message included. */
  readonly stopMs: number;
}

/** There is no setting for these, because the other side's values are fixed too. Tests shorten them. */
export const defaultTimings: Timings = {
  openMs: 2_000,
  ackMs: 2_000,
  retryPauseMs: 300,
  readMs: 3_000,
  ackWriteMs: 3_000,
  closeMs: 1_000,
  labelMs: 2_000,
  identityPauseMs: 250,
  introduceAgainMs: [1_000, 5_000],
  keyProofMs: 30_000,
  repeatRequestMs: [500, 500, 500],
  resendRequestMs: 500,
  peerRestartMs: 4_000,
  lostSignalMs: 180_000,
  keyCheckMs: 600,
  holdSealedMs: 3_000,
  saveKeysMs: 1_000,
  presenceHeartbeatMs: 5_000,
  presencePauseMs: 250,
  presenceExpiryMs: 20_000,
  presenceSweepMs: 1_000,
  forgetMs: 900_000,
  goodbyeMs: 100,
  relayCheckMs: 10_000,
  dialMs: 5_000,
  redialMs: 1_000,
  maxRedialMs: 60_000,
  addressCheckMs: 2_000,
  deadConnectionMs: 2_000,
  stopMs: 800,
};

/** A description has at most 256 Ki characters, and stays below this size after JSON escaping. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A browser sends bursts of about 20 candidates, and each may come with a receipt on another stream. */
export const MAX_INCOMING_STREAMS_PER_PEER = 64;
/** Limits the memory that all peers together can occupy to 128 MiB. */
export const MAX_INCOMING_STREAMS = { known: 64, stranger: 64 } as const;
/** Streams of one connection that are still being negotiated count too. Gossip and identify need a few. */
export const MAX_MUXED_STREAMS = 2 * MAX_INCOMING_STREAMS_PER_PEER;
/** One frame of a connection, which is kept in memory until it is whole. A stream may not have more unread data than this. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Limit for negotiating the protocol of an incoming stream. */
export const NEGOTIATION_MS = 3_000;
/** Enough for a chat network. Above it, libp2p closes the least used connections. */
export const MAX_CONNECTIONS = 128;
/** Of these. The others are kept for peers that the user chose. */
export const MAX_STRANGER_CONNECTIONS = 96;
/** Strangers behind one address. The whole network of a company may be behind one. */
export const MAX_CONNECTIONS_AT_ADDRESS = 64;
/** For one IP address, behind which a whole network may reconnect at once. libp2p's default of 5 would reset them. */
export const MAX_CONNECTIONS_PER_SECOND = 32;
/** Connections whose handshake is not finished. libp2p's default of 10 lets ten silent sockets keep everybody out. */
export const MAX_HANDSHAKES = 64;
export const MAX_HANDSHAKES_AT_ADDRESS = 16;
/** Limit for the handshake of an incoming connection. */
export const HANDSHAKE_MS = 3_000;
/** Above the streams that our own sends and identity messages need at once for one peer. */
export const MAX_OUTGOING_STREAMS_PER_PEER = 128;
/** Several at once shorten the setup of a call, and candidates need no order among themselves. */
export const MAX_CONCURRENT_CANDIDATES = 4;
/** A whole call needs about 60 messages. */
export const MAX_PENDING_PER_CALL = 256;
/** Eight calls at their limit. */
export const MAX_PENDING = 2_048;
/** A chat network on one LAN is far smaller, and the whole list crosses stdio on each change. */
export const MAX_CONTACTS = 512;
/** Peers that the user has chosen by a call. The one chosen longest ago becomes a stranger. */
export const MAX_KNOWN_PEERS = 128;
/** Contacts that the user did not choose. The rest of the list is kept for the others. */
export const MAX_STRANGERS_AMONG_CONTACTS = 384;
/** A machine with a few network interfaces announces fewer. */
export const MAX_ADDRESSES_PER_CONTACT = 16;
/** Peers that left, whose addresses libp2p still remembers. The user's own choices do not count. */
export const MAX_REMEMBERED_STRANGERS = 64;
/** Each peer that is served at once costs a stream and then a pause. */
export const MAX_PACED_PEERS = 512;
/** Unknown peers that are accepted in a row, because a whole network may appear at once. mDNS and presence count apart. */
export const BURST_OF_STRANGERS = 64;
/** Unknown peers that are accepted each second after the burst, so that forged ones cannot fill the contacts quickly. */
export const STRANGERS_PER_SECOND = 8;
/** A user has few calls in three minutes, and refuses few others. */
export const MAX_LOST_SIGNALS = 64;
/** Of these. */
export const MAX_LOST_SIGNALS_OF_STRANGERS = 16;
/** As many as contacts. */
export const MAX_PEER_KEYS = 512;
/** Enough for a call request and the candidates that follow it. */
export const MAX_HELD_PER_PEER = 16;
/** Enough for eight peers at their limit. */
export const MAX_HELD_MESSAGES = 128;
/** Enough for several descriptions of the largest size. */
export const MAX_HELD_CHARS = 4 * 1024 * 1024;
/** Limits one read of a gossip stream. A presence message is below 8 KiB. */
export const MAX_GOSSIP_BYTES = 256 * 1024;
/** Each dial can hold sockets to several addresses for the whole of `dialMs`. */
export const MAX_CONCURRENT_DIALS = 8;
/** Of these. Strangers choose the addresses that they announce, and may choose such as never answer. */
export const MAX_DIALS_OF_STRANGERS = 4;
/** As many as contacts. Peers that the user chose are dialled even above it. */
export const MAX_PEERS_TO_DIAL = 512;
/** A discovered peer that does not answer is dialled again only when it is discovered again. */
export const MAX_DIALS_WHEN_FOUND = 4;
