// A phone's camera in Chromium. The sensor keeps its size, and each frame carries the rotation that makes it upright, as the phone
// is held (W3C WebCodecs, VideoFrame.rotation). The upright frame is the stamped pattern. It also sends to a bare connection.

import { drawPattern } from "../../../bench/measures/chromium-page.ts";

type Rotation = 0 | 90 | 180 | 270;

/** Of the sensor, in pixels. */
export const SENSOR = { width: 320, height: 240 } as const;
const FPS = 20;

/** Not in TypeScript's DOM types: https://w3c.github.io/mediacapture-transform/ and Chromium's own name for it. */
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: "video" });
  readonly writable: WritableStream<VideoFrame>;
}

interface TurningCamera {
  readonly track: MediaStreamTrack;
  /** For the frames from now on. */
  turn(rotation: Rotation): void;
}

interface TurningPeer {
  /** Sends the camera alone. @returns the offer, with its candidates */
  offer(): Promise<string>;
  accept(answer: string): Promise<void>;
  turn(rotation: Rotation): void;
}

declare global {
  interface VideoFrameInit {
    rotation?: number;
  }
  interface Window {
    turningPeer?: TurningPeer;
  }
}

export function createTurningCamera(): TurningCamera {
  const { width, height } = SENSOR;
  const level = drawPattern({ width, height, fps: FPS });
  const upended = drawPattern({ width: height, height: width, fps: FPS });
  const sensor = new OffscreenCanvas(width, height);
  const context = sensor.getContext("2d");
  if (!context) throw new Error("the canvas has no 2d context");
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();
  let rotation: Rotation = 0;
  const capture = () => {
    if (track.readyState === "ended") return clearInterval(timer);
    const scene = rotation % 180 === 0 ? level : upended;
    context.setTransform(1, 0, 0, 1, width / 2, height / 2);
    context.rotate((-rotation * Math.PI) / 180);
    context.drawImage(scene, -scene.width / 2, -scene.height / 2);
    // A frame that cannot be written is a frame of a track that has just ended.
    writer.write(new VideoFrame(sensor, { timestamp: performance.now() * 1000, rotation })).catch(() => {
      clearInterval(timer);
    });
  };
  const timer = setInterval(capture, 1000 / FPS);
  return {
    track,
    turn(next) {
      rotation = next;
    },
  };
}

/** For a page that only sends to a connection of the engine, without Goop². */
export function createTurningPeer(): TurningPeer {
  const camera = createTurningCamera();
  const connection = new RTCPeerConnection();
  connection.addTrack(camera.track, new MediaStream([camera.track]));
  return {
    async offer() {
      const gathered = new Promise<void>((resolve) => {
        connection.onicecandidate = ({ candidate }) => candidate ?? resolve();
      });
      await connection.setLocalDescription();
      await gathered;
      return connection.localDescription?.sdp ?? "";
    },
    accept: (sdp) => connection.setRemoteDescription({ type: "answer", sdp }),
    turn: camera.turn,
  };
}
