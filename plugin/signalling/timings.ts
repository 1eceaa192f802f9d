// Every wait and bound of the signalling in one place, so that tests can shorten them. The waits towards other peers
// are the host's own (Goop² 2.4), since both ends must agree on who gives up first.

export interface Timings {
  /** Until a stream to the peer is open, a dial included. */
  readonly openMs: number;
  /** From the message's first byte to its acknowledgement. */
  readonly ackMs: number;
  /** Between the first attempt and the only other one. */
  readonly retryPauseMs: number;
  /** Receiver: from the stream's opening to the end of the message. */
  readonly readMs: number;
  /** Receiver: until the acknowledgement is handed to the transport. */
  readonly ackWriteMs: number;
  /** Until the far end must close its half of a finished stream; then the stream is reset. */
  readonly closeMs: number;
  /** Until a peer must have told its label. */
  readonly labelMs: number;
  /** Between two questions, and two tellings, of who is who with one peer. */
  readonly identityPauseMs: number;
  /** How long a message that cannot be opened waits for its sender's key. */
  readonly holdSealedMs: number;
  /** Between two writings of the peers' keys. */
  readonly saveKeysMs: number;
  /** How often we say that we are here; the host's heartbeat. */
  readonly presenceHeartbeatMs: number;
  /** Between two sayings, whatever happens. */
  readonly presencePauseMs: number;
  /** Not heard for this long, a peer is gone. The host's, too. */
  readonly presenceExpiryMs: number;
  /** How often that is looked at. */
  readonly presenceSweepMs: number;
  /** Gone for this long, a peer that was only ever found is no contact any more. The host's, too. */
  readonly forgetMs: number;
  /** Until our goodbye must be on its way when we close. */
  readonly farewellMs: number;
  /** Between two looks whether we have a place at a relay. */
  readonly relayCheckMs: number;
  /** Until a dial must have succeeded. */
  readonly dialMs: number;
  /** First pause between two dials of one peer; it doubles up to the longest. */
  readonly redialMs: number;
  readonly longestRedialMs: number;
  /** How often our own addresses are compared: the operating system does not tell when a network changes. */
  readonly addressCheckMs: number;
  /** Until the node must have stopped; the host grants the plugin one second to leave, goodbye included. */
  readonly stopMs: number;
}

/** Tests shorten them; users have no setting for them, since the far end's are fixed too. */
export const defaultTimings: Timings = {
  openMs: 2_000,
  ackMs: 2_000,
  retryPauseMs: 300,
  readMs: 3_000,
  ackWriteMs: 3_000,
  closeMs: 1_000,
  labelMs: 2_000,
  identityPauseMs: 250,
  holdSealedMs: 3_000,
  saveKeysMs: 1_000,
  presenceHeartbeatMs: 5_000,
  presencePauseMs: 250,
  presenceExpiryMs: 20_000,
  presenceSweepMs: 1_000,
  forgetMs: 900_000,
  farewellMs: 100,
  relayCheckMs: 10_000,
  dialMs: 5_000,
  redialMs: 1_000,
  longestRedialMs: 60_000,
  addressCheckMs: 15_000,
  stopMs: 800,
};

/** A description is at most 256 Ki characters; escaped as JSON it stays below this. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A browser's burst of candidates is about 20, and each may come with a receipt beside it. */
export const MAX_INCOMING_STREAMS_PER_PEER = 64;
/** Bounds what all peers together can make us hold to 128 MiB. */
export const MAX_INCOMING_STREAMS = 128;
/** Streams that we open towards one peer at a time. */
export const MAX_OUTGOING_STREAMS_PER_PEER = 128;
/** Trickled candidates of one call under way at a time; order among them has no meaning. */
export const MAX_CONCURRENT_CANDIDATES = 4;
/** Far above one call's whole conversation, some 60 messages. */
export const MAX_PENDING_PER_CALL = 256;
export const MAX_PENDING = 2_048;
/** A chat network on one LAN is far smaller; the list crosses stdio whole at each change. */
export const MAX_CONTACTS = 512;
/** A machine with a few interfaces announces fewer; the newest are kept. */
export const MAX_ADDRESSES_PER_CONTACT = 16;
/** Peers that can make us answer at a time; each answer is a stream, and then a pause. */
export const MAX_PACED_PEERS = 512;
/** Peers found that were not known before, in a row and then a second, by mDNS and by presence each. */
export const BURST_OF_STRANGERS = 64;
export const STRANGERS_PER_SECOND = 8;
/** As many as contacts; strangers' keys go first. */
export const MAX_PEER_KEYS = 512;
/** A request, and candidates that came with it. */
export const MAX_HELD_PER_PEER = 16;
export const MAX_HELD_MESSAGES = 128;
/** Some descriptions' worth. */
export const MAX_HELD_CHARS = 4 * 1024 * 1024;
/** Of all that one gossip stream brings at a time; a presence message is below 8 KiB. */
export const MAX_GOSSIP_BYTES = 256 * 1024;
/** Each may hold sockets to several addresses for the whole of dialMs. */
export const MAX_CONCURRENT_DIALS = 8;
/** Peers that wait to be dialled, or between two dials; those that were given wait in any case. */
export const MAX_DIALLED_PEERS = 512;
/** Dials of a peer that was found, not given; being found again starts anew. */
export const MAX_DIALS_WHEN_FOUND = 4;
