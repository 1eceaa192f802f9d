// Which threads carry the sound of a call, and which only pictures. The names are those that libwebrtc, Node and our camera give,
// of which the kernel keeps 15 characters. Measured with two busy processors: README.md.

/**
 * sound: a block waits for it. helper: one of the others waits for it at times.
 * picture: gives way. other: neither.
 */
export type Role = "sound" | "helper" | "picture" | "other";

/** libwebrtc's network and worker threads, its audio device (a clock that asks for 10 ms at a time), encoder and pacer. */
const SOUND = /^(PeerConnectionF|TestAudioDevice|AudioEncoder|TaskQueuePacedS)/;
/** V8 collects garbage with their help while JavaScript waits. */
const HELPER = /^V8Worker/;
/** libwebrtc's video encoder, decoder, their queues and the estimate of the bandwidth, Node's workers, which make JPEG, and the camera's thread. */
const PICTURE =
  /^(EncoderQueue|DecodingQueue|IncomingVideoSt|rtc-low-prio|rtp_send_contro|libuv-worker|capture)/;
/** In a sound process all others carry blocks: main, PortAudio's callback, the sound server's client, and Node's workers. */
const NOT_IN_SOUND_PROCESS = /^(V8Worker|DelayedTaskSche|SignalInspector)/;

/** @param isMain whether it runs JavaScript's main thread, which passes every block on */
export function roleInPlugin(name: string, isMain: boolean): Role {
  if (isMain || SOUND.test(name)) return "sound";
  if (HELPER.test(name)) return "helper";
  return PICTURE.test(name) ? "picture" : "other";
}

export function roleInSoundProcess(name: string): Role {
  return NOT_IN_SOUND_PROCESS.test(name) ? "other" : "sound";
}
