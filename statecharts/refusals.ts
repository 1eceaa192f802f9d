// Why a chart takes no notice of an event in a state: reviewed by people, since the machine knows only that it does not.
// A pair of state and event that is neither handled by the machine nor listed here fails the tests.

export interface Refusal {
  readonly events: readonly string[];
  /** Without the chart's name. A state stands for all that are within it. */
  readonly states: readonly string[];
  /** impossible: nobody can send it then. harmless: it comes, and nothing is the right answer. */
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
const MEDIA_WISHES = "user.setCamera user.setMicrophone user.useCamera user.useMicrophone user.useSpeaker";
const OF_THE_LINK = "signal.offer signal.answer signal.candidate signal.reconnect signal.reconnectAck";
const EXCHANGE = "answering sendingAnswer offering sendingOffer awaitingAnswer applyingAnswer".split(" ");
const within = (parent: string, states: readonly string[]) => states.map((state) => `${parent}.${state}`);
const NOT_AWAITING_ANSWER = EXCHANGE.filter((state) => !/sendingOffer|awaitingAnswer/.test(state));
const SETTLING = "full threeQuarters half quarter thumbnail paused".replaceAll(/\w+/g, "$&.settling");

/** By the chart's id. */
export const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  attach: [
    harmless("host.initialize", "initialized running stopping stopped leaving", "A host initializes once"),
    harmless(
      "host.initialized host.shutdown",
      "awaitingInitialize",
      "A host that keeps the order says it after `initialize`",
    ),
    harmless("host.initialized", "running stopping stopped leaving", "A second copy, or too late to matter"),
    harmless("host.shutdown", "stopping stopped", "It is under way, or done"),
    harmless(
      "host.shutdown host.exit host.gone",
      "leaving",
      "The process leaves already, and within its time",
    ),
  ],
  callManager: [
    harmless("user.start", "disabled closing", "No call may begin; the host was told why"),
    harmless("host.resume", "disabled closing", "A call cannot go on where none may begin"),
    harmless("availability.changed", "closing", "All calls end, whatever is possible"),
    harmless("manager.close", "closing", "It closes already"),
  ],
  call: [
    harmless(`user.accept user.reject`, "placing awaitingAccept yielding", "The word is the other user's"),
    harmless("user.accept user.reject", "active", "A second click; the call was accepted"),
    harmless("user.accept user.reject user.hangup", "ending", "The call is over"),
    impossible(
      "user.accept user.reject user.hangup",
      "waiting",
      "The host knows nothing of a call that stands by",
    ),
    harmless(
      MEDIA_WISHES,
      `${BEFORE_ACCEPT} yielding ending`,
      "No device is open: the host is told so before the chart is asked",
    ),
    harmless(
      "settings.changed",
      `${BEFORE_ACCEPT} yielding ending`,
      "Devices are opened with the settings of that moment",
    ),
    harmless(
      OF_THE_LINK,
      BEFORE_ACCEPT,
      "Nobody accepted yet, so there is no connection that it could be of",
    ),
    harmless(OF_THE_LINK, "yielding ending", "Of a connection that there will not be, or is no more"),
    harmless("signal.ack", "active", "A second copy, or an accept that crossed with ours"),
    harmless("signal.ringing", "awaitingAccept.ringing active", "A second copy, or overtaken by the accept"),
    harmless("signal.ringing signal.ack", "yielding ending", "The call is given up"),
    harmless("signal.ringing signal.ack", "waiting ringingIn", "Words of a callee, and we are that"),
    harmless("signal.requestRepeated", "placing awaitingAccept yielding", "A caller's word, and we are that"),
    harmless("signal.requestRepeated", "waiting active ending", "A second copy: we have decided already"),
    harmless("signal.hangup", "yielding ending", "It is over on both sides"),
    impossible(
      "manager.lineFree",
      "placing awaitingAccept yielding ringingIn active ending",
      "Said to whoever stands by",
    ),
    impossible(
      "link.connected link.lost adapt.stepped",
      `${BEFORE_ACCEPT} yielding ending`,
      "There is no link and no picture",
    ),
    impossible("link.connected", "active.connected", "The link says so after it said that it lost the path"),
    impossible("link.lost", "active.reconnecting", "The link says so once, until it is connected again"),
    harmless("link.lost", "active.connecting", "What was never connected is still connecting"),
  ],
  link: [
    harmless("peer.connected", "connected", "It is"),
    {
      ...harmless(
        "signal.answer",
        "connected recovering.waiting",
        "A second copy, or to an offer that was given up",
      ),
      states: [
        "establishing.negotiating.accepting",
        "establishing.negotiating.awaitingOffer",
        "establishing.connecting",
        ...within("establishing.negotiating", NOT_AWAITING_ANSWER),
        "connected",
        ...within("recovering.exchanging", NOT_AWAITING_ANSWER),
        ..."waiting repeatingAccept awaitingOffer connecting acknowledging requestingReconnect retryingReconnect"
          .split(" ")
          .map((state) => `recovering.${state}`),
      ],
    },
    {
      ...harmless(
        "signal.offer",
        "establishing.connecting",
        "A second copy; or of a callee, who does not offer yet",
      ),
      states: ["establishing.connecting", ...within("establishing.negotiating", EXCHANGE)],
    },
  ],
  media: [
    impossible(
      "device.cameraOpened device.cameraLost device.cameraAbsent device.cameraRefused",
      "camera.off camera.lost",
      "Said by whoever holds the camera, and nobody does",
    ),
    impossible("device.cameraRefused", "camera.open.opening", "Only an open camera is exchanged for another"),
    harmless(
      "settings.videoChanged",
      "camera.off camera.lost",
      "The camera is opened with what the settings then say",
    ),
    harmless(
      "settings.videoChanged",
      "camera.open.opening",
      "The camera is being opened with what the settings said before",
    ),
    harmless("devices.updated", "camera.off", "Nobody wants a camera"),
    harmless(
      "devices.updated",
      "camera.open.opening microphone.open.opening speaker.open.opening",
      "What comes of opening shows first; then the list is looked at",
    ),
    impossible(
      "device.microphoneOpened device.microphoneLost device.microphoneInterrupted device.microphoneResumed",
      "microphone.lost",
      "Said by whoever holds the microphone, and nobody does",
    ),
    harmless(
      "settings.voiceChanged",
      "microphone.lost",
      "The microphone is opened with what the settings then say",
    ),
    impossible(
      "device.speakerOpened device.speakerLost device.speakerInterrupted device.speakerResumed",
      "speaker.lost",
      "Said by whoever holds the speaker, and nobody does",
    ),
  ],
  adapt: [harmless("measured", SETTLING, "Figures still speak of the step before")],
};
