// Why a call ended: one closed list for the host, the user and the remote peer.
// An end reason is not an error; errors answer requests, see errors.ts.

import { z } from "zod";

/** Every way a call can end. Together with {@link EndedBy} it says the whole story. */
export const endReasonSchema = z.enum([
  "hungUp", // a user ended a call that was under way
  "cancelled", // the caller gave up while it rang
  "rejected", // the callee declined
  "busy", // the callee is in another call
  "noAnswer", // nobody answered within the ring time
  "unreachable", // the call request could not be delivered
  "superseded", // both called at once and the other call won; see call.ended's replacedBy
  "negotiationTimeout", // offer or answer did not come in time
  "negotiationFailed", // a description was refused by the WebRTC engine
  "connectTimeout", // no path between the two was found in time
  "connectionLost", // the path was lost and did not come back
  "mediaFailed", // the WebRTC engine broke
  "unavailable", // the callee cannot take calls at present
  "videoDisabled", // calls are switched off at the callee, by its user or because its machine cannot call
  "hostGone", // the application behind one side closed or crashed
  "shutdown", // the plugin was asked to leave
  "unknownCall", // the other side no longer knows the call
]);
export type EndReason = z.infer<typeof endReasonSchema>;

/** Which side the end came from, seen from the process that reports it. */
export const endedBySchema = z.enum(["local", "remote"]);
export type EndedBy = z.infer<typeof endedBySchema>;
