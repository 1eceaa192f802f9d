// Why a call ended: one closed list for the host, the user and the remote peer. An end reason is not an error. Errors answer
// requests; see errors.ts.

import type { z } from "zod";
import { sideSchema } from "./common.ts";
import { choice } from "./named.ts";

/** {@link EndedBy} adds the side that ended the call. */
export const endReasonSchema = choice("EndReason", "Every way in which a call can end", {
  hungUp: "a user ended a call in progress",
  cancelled: "the caller ended the call while it rang",
  rejected: "the callee declined",
  busy: "the callee is in another call",
  noAnswer: "no answer within the ring time",
  unreachable: "the call request could not be delivered",
  superseded: "glare: both called at once, and the call in `replacedBy` of call.ended continues",
  negotiationTimeout: "the offer or the answer did not arrive in time",
  negotiationFailed: "the WebRTC engine refused a description",
  connectTimeout: "no network path was found in time",
  connectionLost: "the network path was lost and could not be restored",
  mediaFailed: "the WebRTC engine failed",
  unavailable: "the callee cannot take calls at the moment",
  videoDisabled: "calls are switched off at the callee, by its user or because its machine cannot make calls",
  hostGone: "the application behind one side closed or crashed",
  shutdown: "the plugin shut down",
  unknownCall: "the other side does not know the call any more",
});
export type EndReason = z.infer<typeof endReasonSchema>;

/** The side that ended the call. */
export const endedBySchema = sideSchema;
export type EndedBy = z.infer<typeof endedBySchema>;
