// Says in a sentence what a failed capture means for the person in front of it. Decides nothing else.

import { CaptureError } from "./types.ts";

const MEANINGS: Readonly<Record<string, (path: string) => string>> = {
  EBUSY: (path) => `The camera ${path} is in use by another program`,
  ENOENT: (path) => `There is no camera at ${path}`,
  ENODEV: (path) => `The camera ${path} has been unplugged`,
  ENXIO: (path) => `The camera ${path} has been unplugged`,
  EACCES: (path) =>
    `The camera ${path} may not be used: the user needs access to it, often by the group video`,
  EPERM: (path) => `The camera ${path} may not be used: the system forbids it`,
  ENOTTY: (path) => `${path} is not a camera`,
  ETIMEDOUT: (path) => `The camera ${path} is silent: no picture came for 5 s`,
  EIO: (path) => `The camera ${path} failed in mid-stream`,
  ENOMEM: (path) => `There is too little memory for pictures of the camera ${path}`,
};

/** @returns a CaptureError for what the addon threw; other errors keep their message and have no errno. */
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
