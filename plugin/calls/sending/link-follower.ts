// Adapts one connection to its link each second: the packets of the sound, and the search for more bandwidth.

import { isHeldBack, type Measured } from "../../../statecharts/index.ts";
import type { Clock } from "../../common/clock.ts";
import type { Peer, SoundPacketKind } from "../../peer/peer.ts";
import { BandwidthSearch } from "./bandwidth-search.ts";
import { SoundPackets } from "./sound-packets.ts";
import { withoutStrain } from "./without-strain.ts";

/** Of the sound with its headers, in bits per second. An estimate that can be searched for counts it too. */
const SOUND_BPS: Readonly<Record<SoundPacketKind, number>> = {
  short: 82_000,
  repeated: 120_000,
  long: 32_000,
};

export interface LinkUse {
  /** The settings allow that a bad link reduces what is sent. Without it the sound still ends its wait for the first measurement. */
  readonly adaptation: boolean;
  /** Lost share of the sent sound, 0 to 1, as the peer last reported it; null without a recent report. */
  readonly soundLoss: number | null;
  /** Frames wait for a link that carries them. */
  readonly isPictureAwaited: boolean;
}

/** For one connection. */
export class LinkFollower {
  readonly #peer: Pick<Peer, "soundPackets">;
  readonly #packets: SoundPackets;
  readonly #search: BandwidthSearch;

  /** @param clock the system's unless given */
  constructor(
    peer: Pick<Peer, "soundPackets" | "setSoundPackets" | "searchBandwidth">,
    clock: Clock | undefined,
  ) {
    const options = clock ? { clock } : {};
    this.#peer = peer;
    this.#packets = new SoundPackets({
      kind: () => peer.soundPackets,
      apply: (kind) => peer.setSoundPackets(kind),
      ...options,
    });
    this.#search = new BandwidthSearch({ search: (bps) => peer.searchBandwidth(bps), ...options });
  }

  /** Call it once a second while the connection stands. Never rejects. */
  async measured(second: Measured, { adaptation, soundLoss, isPictureAwaited }: LinkUse): Promise<void> {
    const { availableSendBps, outgoing } = second;
    const { bps = 0, frames = 0, isRateLimited = false, isSearchable = false } = outgoing ?? {};
    const heard = adaptation ? second : withoutStrain(second);
    const sound = { soundLoss: adaptation ? soundLoss : null, sentBps: bps };
    await this.#packets.update({ ...heard, ...sound, frames, isSearchable });
    const pictureBps = Math.max(0, (availableSendBps ?? 0) - SOUND_BPS[this.#peer.soundPackets]);
    const heldBack = frames > 0 && isHeldBack({ bps, isRateLimited }, pictureBps);
    await this.#search.update({ ...second, isSearchable, isHeldBack: heldBack, isPictureAwaited });
  }
}
