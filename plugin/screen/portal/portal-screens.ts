// Shares what the user chooses in the desktop's own dialog: a session of the portal, and the stream of PipeWire that it opens.

import { systemClock } from "../../common/clock.ts";
import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import { PortalConnection } from "../../dbus/portal-connection.ts";
import type { ScreenOffer, ScreenWay } from "../screens.ts";
import { type PortalOptions, PortalShare } from "./portal-share.ts";
import { screenCastOffer } from "./screen-cast.ts";

/** A page waits for the offer. A portal that has to start takes a second. */
const OFFER_MS = 5_000;
/** Who stops sharing and soon shares again wants something else. */
const CHANGES_MIND_MS = 15_000;

/** `offer` says with the chooser `none` why the portal cannot be used. */
export function createPortalScreens(options: PortalOptions): ScreenWay {
  const { clock = systemClock, token } = options;
  let endedMs = Number.NEGATIVE_INFINITY;
  return {
    offer: () => portalOffer(options),
    async share(request, callbacks) {
      const earlier = await token.take();
      const shared = new PortalShare(options, request, callbacks);
      await shared.start(clock.nowMs() - endedMs < CHANGES_MIND_MS ? null : earlier);
      request.signal.addEventListener("abort", () => {
        endedMs = clock.nowMs();
      });
      return shared;
    },
  };
}

async function portalOffer({ connect, log }: PortalOptions): Promise<ScreenOffer> {
  const why = (text: string): ScreenOffer => ({ chooser: "none", why: text });
  const events = { onGone: () => undefined };
  const opening = (async () => PortalConnection.open(await connect(() => undefined), events))();
  try {
    const offer = await withDeadline(OFFER_MS, undefined, "the desktop's portal", async () =>
      screenCastOffer(await opening),
    );
    return offer.types === 0
      ? why("the desktop's portal offers no screens: its part for this desktop is missing")
      : { chooser: "desktop" };
  } catch (error) {
    log("debug", `no screens of the desktop's portal: ${errorText(error)}`);
    return why(`the desktop's portal cannot be used: ${errorText(error)}`);
  } finally {
    opening.then((portal) => portal.close()).catch(() => undefined); // it did not open
  }
}
