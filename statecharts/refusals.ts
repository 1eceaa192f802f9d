// The reasons why a chart ignores an event in a state. A person writes and reviews them, because the machine only shows that it
// ignores the event. A pair of state and event that is neither handled nor listed here fails the tests.

export interface Refusal {
  readonly events: readonly string[];
  /** State ids without the chart's name. A state includes all states within it. */
  readonly states: readonly string[];
  /** impossible: no sender exists in that state. harmless: it may arrive, and ignoring it is correct. */
  readonly kind: "harmless" | "impossible";
  readonly why: string;
}

const harmless = (events: string, states: string, why: string): Refusal => ({
  events: events.split(" "),
  states: states.split(" "),
  kind: "harmless",
  why,
});
const impossible = (...args: Parameters<typeof harmless>): Refusal => ({
  ...harmless(...args),
  kind: "impossible",
});

const BEFORE_ACCEPT = "placing awaitingAccept waiting ringingIn";
const MEDIA_REQUESTS = "user.setCamera user.setMicrophone user.useCamera user.useMicrophone user.useSpeaker";
const LINK_SIGNALS = "signal.offer signal.answer signal.candidate signal.reconnect signal.reconnectAck";
const EXCHANGE = "answering sendingAnswer offering sendingOffer awaitingAnswer applyingAnswer".split(" ");
const within = (parent: string, states: readonly string[]) => states.map((state) => `${parent}.${state}`);
const NOT_AWAITING_ANSWER = EXCHANGE.filter((state) => !/sendingOffer|awaitingAnswer/.test(state));
const SETTLING = "full threeQuarters half quarter thumbnail paused".replaceAll(/\w+/g, "$&.settling");

/** Refusals by chart id. */
export const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  attach: [
    harmless(
      "host.initialize",
      "initialized running stopping stopped leaving",
      "A host initializes only once",
    ),
    harmless(
      "host.initialized host.shutdown",
      "awaitingInitialize",
      "A correct host sends it after `initialize`",
    ),
    harmless("host.initialized", "running stopping stopped leaving", "A duplicate, or too late to matter"),
    harmless("host.shutdown", "stopping stopped", "The shutdown is in progress, or complete"),
    harmless(
      "host.shutdown host.exit host.gone",
      "leaving",
      "The process is exiting already, within its time",
    ),
  ],
  callManager: [
    harmless("user.start", "disabled closing", "No call may begin, and the host received the reason"),
    harmless("host.resume", "disabled closing", "A call cannot continue where none may begin"),
    harmless("availability.changed", "closing", "All calls end in any case"),
    harmless("manager.close", "closing", "The call manager is closing already"),
  ],
  call: [
    harmless(`user.accept user.reject`, "placing awaitingAccept yielding", "The other user decides"),
    harmless("user.accept user.reject", "active", "A second click. The call is accepted already"),
    harmless("user.accept user.reject user.hangup", "ending", "The call has ended"),
    impossible("user.accept user.reject user.hangup", "waiting", "The host does not know a waiting call"),
    impossible(MEDIA_REQUESTS, "waiting", "The host does not know a waiting call"),
    harmless(
      MEDIA_REQUESTS,
      "ending",
      "No device is open, and the host's request is refused before it reaches the chart",
    ),
    harmless(
      "user.shareScreen",
      `${BEFORE_ACCEPT} yielding ending`,
      "The other side has not accepted yet, and the host's request is refused before it reaches the chart",
    ),
    harmless(
      "settings.changed",
      `${BEFORE_ACCEPT} yielding ending`,
      "Devices open later, with the settings of that moment",
    ),
    harmless(
      LINK_SIGNALS,
      BEFORE_ACCEPT,
      "Without an accept there is no connection to which it could belong",
    ),
    harmless(LINK_SIGNALS, "yielding ending", "Its connection is gone, or will never exist"),
    harmless(
      "signal.check",
      `${BEFORE_ACCEPT} yielding ending`,
      "It follows an answer, which does not exist here",
    ),
    harmless("signal.ack", "active", "A duplicate, or an accept that crossed ours"),
    harmless("signal.ringing", "awaitingAccept.ringing active", "A duplicate, or late after the accept"),
    harmless("signal.ringing signal.ack", "yielding ending", "We gave the call up already"),
    harmless(
      "signal.ringing signal.ack",
      "waiting ringingIn",
      "Only a callee sends it, and we are the callee",
    ),
    harmless(
      "signal.requestRepeated",
      "placing awaitingAccept yielding",
      "Only a caller sends it, and we are the caller",
    ),
    harmless("signal.requestRepeated", "waiting active ending", "A duplicate. We decided already"),
    harmless("signal.hangup", "yielding ending", "The call has ended on both sides"),
    impossible(
      "manager.lineFree",
      "placing awaitingAccept yielding ringingIn active ending",
      "The call manager sends it to a waiting call only",
    ),
    impossible(
      "link.connected link.lost link.pathTrouble link.videoNegotiated media.videoWanted adapt.stepped",
      `${BEFORE_ACCEPT} yielding ending`,
      "There is no link and no video",
    ),
    harmless(
      "link.connected",
      "active.connected",
      "An offer for the picture is over. The path stood meanwhile",
    ),
    impossible("link.lost", "active.reconnecting", "The link sends it once, until it is connected again"),
    harmless("link.lost", "active.connecting", "A call that was never connected is still connecting"),
  ],
  link: [
    harmless("peer.connected", "connected extending", "It is connected already"),
    {
      ...harmless(
        "signal.answer",
        "connected recovering.waiting",
        "A duplicate, or the answer to an abandoned offer",
      ),
      states: [
        "establishing.negotiating.accepting",
        "establishing.negotiating.awaitingOffer",
        "establishing.connecting",
        ...within("establishing.negotiating", NOT_AWAITING_ANSWER),
        "connected",
        ...within("recovering.exchanging", NOT_AWAITING_ANSWER),
        ...within("extending", ["offering", "applyingAnswer"]),
        ..."waiting repeatingAccept awaitingOffer connecting acknowledging requestingReconnect retryingReconnect"
          .split(" ")
          .map((state) => `recovering.${state}`),
      ],
    },
    {
      ...harmless(
        "signal.offer",
        "establishing.connecting",
        "A duplicate, or from a callee, which must not offer yet",
      ),
      states: ["establishing.connecting", ...within("establishing.negotiating", EXCHANGE)],
    },
  ],
  media: [
    impossible(
      "device.cameraOpened device.cameraLost device.cameraAbsent device.cameraRefused device.cameraInterrupted device.cameraResumed",
      "camera.off camera.withheld camera.lost",
      "Only an open camera sends it, and none is open",
    ),
    impossible("device.cameraRefused", "camera.open.opening", "Only an open camera can be switched"),
    impossible(
      "device.screenOpened device.screenEnded device.screenHidden device.screenShown",
      "screen.off",
      "Only the activity of a shared screen sends it, and none runs",
    ),
    impossible("device.screenOpened", "screen.sharing.live", "The activity sends it once"),
    impossible(
      "device.screenHidden device.screenShown",
      "screen.sharing.choosing",
      "Nothing is captured yet",
    ),
    harmless("video.negotiated", "screen.off screen.sharing.choosing", "No picture of the screen is sent"),
    harmless(
      "settings.videoChanged",
      "camera.off camera.withheld camera.lost",
      "The camera opens later, with the settings of that moment",
    ),
    harmless("devices.updated video.negotiated", "camera.off", "The camera is switched off"),
    harmless(
      "video.negotiated",
      "camera.open.live camera.lost",
      "A refusal closes the camera by itself, and a lost camera has another fault",
    ),
    harmless("devices.updated", "camera.withheld", "No camera is opened, whichever there are"),
    harmless(
      "devices.updated",
      "camera.open.opening microphone.open.opening speaker.open.opening",
      "The result of opening comes first, and the list is checked after it",
    ),
    impossible(
      "device.microphoneOpened device.microphoneLost device.microphoneInterrupted device.microphoneResumed",
      "microphone.lost",
      "Only an open microphone sends it, and none is open",
    ),
    harmless(
      "settings.voiceChanged",
      "microphone.lost",
      "The microphone opens later, with the settings of that moment",
    ),
    impossible(
      "device.speakerOpened device.speakerLost device.speakerInterrupted device.speakerResumed",
      "speaker.lost",
      "Only an open speaker sends it, and none is open",
    ),
  ],
  preview: [
    impossible(
      "device.cameraOpened device.cameraLost device.cameraAbsent device.cameraRefused device.cameraInterrupted device.cameraResumed",
      "camera.off camera.lost",
      "Only an open camera sends it, and none is open",
    ),
    impossible("device.cameraRefused", "camera.open.opening", "Only an open camera can be switched"),
    harmless(
      "settings.videoChanged",
      "camera.off camera.lost",
      "The camera opens later, with the settings of that moment",
    ),
    harmless("devices.changed", "camera.off microphone.off", "It is closed because nobody asked for it"),
    harmless(
      "devices.changed",
      "camera.open microphone.open",
      "The device reports its own loss, and the user sees which one is open",
    ),
    impossible(
      "device.microphoneOpened device.microphoneLost device.microphoneInterrupted device.microphoneResumed",
      "microphone.off microphone.lost",
      "Only an open microphone sends it, and none is open",
    ),
    harmless("user.useMicrophone settings.voiceChanged", "microphone.off", "Nobody asked for the microphone"),
    harmless(
      "settings.voiceChanged",
      "microphone.lost",
      "The microphone opens later, with the settings of that moment",
    ),
    harmless(
      "user.hearYourself user.testSound",
      "sound.recording sound.playing sound.testing",
      "A second click. One sound at a time",
    ),
    harmless(
      "device.microphoneLost",
      "sound.quiet sound.playing sound.testing",
      "What is played does not need the microphone any more",
    ),
  ],
  adapt: [
    harmless("measured", SETTLING, "Measurements still belong to the previous step"),
    harmless(
      "linkLimited",
      "threeQuarters half quarter thumbnail paused",
      "It is about the full picture at the start. A smaller picture is judged by lasting strain",
    ),
    harmless(
      "linkQueued",
      "full threeQuarters half quarter paused",
      "It ends only the first picture after a pause. Others are judged by lasting strain",
    ),
  ],
};
