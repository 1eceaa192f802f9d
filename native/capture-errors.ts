// Describes a failed capture in a sentence for the user.

import { CaptureError } from "./types.ts";

const MEANINGS: Readonly<Record<string, (path: string) => string>> = {
  EBUSY: (path) => `The camera ${path} is in use by another program`,
  ENOENT: (path) => `There is no camera at ${path}`,
  ENODEV: (path) => `The camera ${path} has been unplugged`,
  ENXIO: (path) => `The camera ${path} has been unplugged`,
  EACCES: (path) =>
    `The camera ${path} cannot be used: the user needs access to it, often through the group video`,
  EPERM: (path) => `The camera ${path} cannot be used: the system forbids it`,
  ENOTTY: (path) => `${path} is not a camera`,
  ETIMEDOUT: (path) => `The camera ${path} delivered no picture for 5 s`,
  EIO: (path) => `The camera ${path} failed while it was streaming`,
  ECONNRESET: (path) => `The connection to PipeWire ended, and with it the camera ${path}`,
  ESTALE: (path) => `The camera ${path} changed the size of its pictures`,
  EPROTO: (path) => `The camera ${path} offers no pictures that can be shown`,
  ENOMEM: (path) => `There is too little memory for pictures of the camera ${path}`,
};

/** @returns a CaptureError for an error of the addon. Other errors keep their message and have no errno. */
export function captureErrorFrom(thrown: unknown): CaptureError {
  if (thrown instanceof CaptureError) return thrown;
  const details = {
    operation: textOf(thrown, "operation") || "open",
    errno: textOf(thrown, "errno"),
    path: textOf(thrown, "path"),
  };
  const error = new CaptureError(sentence(thrown, details), details);
  error.cause = thrown;
  return error;
}

function sentence(thrown: unknown, details: { operation: string; errno: string; path: string }): string {
  const technical = thrown instanceof Error ? thrown.message : String(thrown);
  if (details.errno === "") return technical;
  const meaning = MEANINGS[details.errno];
  if (meaning === undefined) return `The camera ${details.path} failed: ${technical}`;
  return `${meaning(details.path)} (${details.operation}: ${details.errno})`;
}

function textOf(thrown: unknown, key: string): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  const value: unknown = Reflect.get(thrown, key);
  return typeof value === "string" ? value : "";
}
