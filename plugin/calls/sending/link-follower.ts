// Adapts one connection to its link each second: the packets of the sound, and the search for more bandwidth.

import { isHeldBack, type Measured } from "../../../statecharts/index.ts";
import type { Clock } from "../../common/clock.ts";
import type { Peer } from "../../peer/peer.ts";
import { BandwidthSearch } from "./bandwidth-search.ts";
import { SoundPackets } from "./sound-packets.ts";

export class LinkFollower {
  readonly #packets: SoundPackets;
  readonly #search: BandwidthSearch;

  /** @param clock the system's unless given */
  constructor(
    peer: Pick<Peer, "soundPackets" | "setSoundPackets" | "searchBandwidth">,
    clock: Clock | undefined,
  ) {
    const options = clock ? { clock } : {};
    this.#packets = new SoundPackets({
      kind: () => peer.soundPackets,
      apply: (kind) => peer.setSoundPackets(kind),
      ...options,
    });
    this.#search = new BandwidthSearch({ search: (bps) => peer.searchBandwidth(bps), ...options });
  }

  /**
   * Call it once a second while the connection stands. Never rejects.
   * @param isPictureAwaited frames wait for a link that carries them
   */
  async measured(second: Measured, isPictureAwaited: boolean): Promise<void> {
    const { availableSendBps, outgoing } = second;
    const { bps = 0, frames = 0, isRateLimited = false, isSearchable = false } = outgoing ?? {};
    await this.#packets.update({ ...second, sentBps: bps, frames, isSearchable });
    const heldBack = frames > 0 && isHeldBack({ bps, isRateLimited }, availableSendBps ?? 0);
    await this.#search.update({ ...second, isSearchable, isHeldBack: heldBack, isPictureAwaited });
  }
}
