// The media chart's activity that shares the screen. It lets the user choose, captures, and stops capturing with its end.

import { fromCallback } from "xstate";
import type { CaptureConstraints } from "../../../native/types.ts";
import type { MediaEvent, ScreenInput } from "../../../statecharts/index.ts";
import { errorText } from "../../common/error-text.ts";
import { type CapturedScreen, ScreenError } from "../../screen/screens.ts";
import type { CallEnvironment } from "../environment.ts";

/** Text is legible at its own size. Larger screens are scaled down, because the encoder needs half a core for this size. */
const SCREEN_CONSTRAINTS: CaptureConstraints = { width: 1920, height: 1080, fps: 30 };

/** Reports `device.screenOpened` once the user has chosen, and `device.screenEnded` when nothing is shared by itself. */
export function screenEffect({ screens, screenMutex, mediaOf, log }: CallEnvironment) {
  return fromCallback<{ type: "none" }, ScreenInput>(({ input, sendBack }) => {
    const report = sendBack as (event: MediaEvent) => void;
    const media = mediaOf(input.callId);
    const withdrawal = new AbortController();
    let isCurrent = false;
    const ended = (error: unknown) => {
      if (withdrawal.signal.aborted) return;
      const why = errorText(error);
      const reason = error instanceof ScreenError ? error.reason : "failed";
      log(reason === "failed" ? "warn" : "info", `the screen is not shared (${reason}): ${why}`);
      report({ type: "device.screenEnded", reason, why });
    };
    const request = { source: input.source, constraints: SCREEN_CONSTRAINTS, signal: withdrawal.signal };
    const callbacks = {
      onFrame: (frame: Parameters<typeof media.screenFrame>[0]) => {
        if (isCurrent) media.screenFrame(frame);
      },
      onHidden: (isHidden: boolean) => {
        if (isCurrent) report({ type: isHidden ? "device.screenHidden" : "device.screenShown" });
      },
      onEnded: ended,
    };
    const opened = (shared: CapturedScreen) => {
      isCurrent = true;
      media.screen = shared;
      report({ type: "device.screenOpened", kind: shared.kind, name: shared.name });
    };
    const release = screenMutex.hold(() => screens.share(request, callbacks), opened, ended);
    return () => {
      withdrawal.abort();
      if (isCurrent) media.screen = null;
      isCurrent = false;
      release();
    };
  });
}
