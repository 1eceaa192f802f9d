// The interface to the desktop's notifications.

import type { CallInfo } from "../../rpc-schema/index.ts";

export type NotifiedCall = Pick<CallInfo, "callId" | "peerId" | "peerLabel" | "media">;

/** What the user chose in a notification. */
export interface NotificationChoices {
  onAnswer(callId: string): void;
  onDecline(callId: string): void;
}

export interface CallNotifier {
  /** Shows this call and no other one; null withdraws the notification. Returns at once and never throws. */
  show(call: NotifiedCall | null): void;
  /** Withdraws the notification and lets go of the session bus. Idempotent; never rejects. */
  close(): Promise<void>;
}
