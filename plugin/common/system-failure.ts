// What a failed system call means for the user: the system's reason in words, and what to do. Also tells apart failures that pass,
// because a limit of the system is reached at present.

import { errorText } from "./error-text.ts";

interface Meaning {
  readonly reason: string;
  readonly remedy: string;
}

/** By errno(3). */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  EMFILE: {
    reason: "this program has as many files and connections open as it may",
    remedy: "Close some of its windows, or raise the limit (ulimit -n)",
  },
  ENFILE: { reason: "all programs together have too many files open", remedy: "Close other programs" },
  EAGAIN: {
    reason: "this user may start no more processes and threads",
    remedy: "Close other programs, or raise the limit (ulimit -u)",
  },
  ENOMEM: { reason: "the memory is used up", remedy: "Close other programs" },
  ENOSPC: { reason: "no space is left on its disk", remedy: "Free some space and try again" },
  EDQUOT: { reason: "your share of its disk is used up", remedy: "Remove files of your own and try again" },
  EFBIG: { reason: "the file would be larger than allowed", remedy: "Raise the limit (ulimit -f)" },
  EROFS: { reason: "its disk is read-only", remedy: "Choose a folder on another disk" },
  EIO: { reason: "its disk reports a fault", remedy: "Choose a folder on another disk" },
  EACCES: {
    reason: "you have no permission",
    remedy: "Give yourself the permission, or choose another folder",
  },
  EPERM: {
    reason: "you have no permission",
    remedy: "Give yourself the permission, or choose another folder",
  },
  ENOENT: { reason: "it does not exist", remedy: "Check the path" },
  ENOTDIR: {
    reason: "a part of its path is no folder",
    remedy: "Remove the file of that name, or choose another folder",
  },
  EISDIR: { reason: "it is a folder", remedy: "Choose another name" },
  EEXIST: { reason: "a file of this name exists", remedy: "Remove it, or choose another folder" },
  ENAMETOOLONG: { reason: "its path is too long", remedy: "Choose another folder" },
};

/** These pass when other programs, or other parts of this one, let go of something. */
const EXHAUSTION = ["EMFILE", "ENFILE", "EAGAIN", "ENOMEM", "ENOSPC", "EDQUOT"];
/** Node names the cause of a worker that cannot start in the message only. */
const IN_MESSAGE = new RegExp(`\\b(?:${EXHAUSTION.join("|")})\\b`);

/** @returns errno's name of a failed system call, such as `EMFILE`, also of an error's cause; undefined for other errors */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return ownErrno(error) ?? errnoOf(error.cause);
}

function ownErrno(error: Error): string | undefined {
  // The addon's errors.
  if ("errno" in error && typeof error.errno === "string") return error.errno;
  if (!("code" in error) || typeof error.code !== "string") return undefined;
  const { code, message } = error;
  return code === "ERR_WORKER_INIT_FAILED" ? IN_MESSAGE.exec(message)?.[0] : code;
}

/** @returns whether the system refused a file, process, thread or memory because a limit is reached */
export function isExhaustion(error: unknown): boolean {
  const code = errnoOf(error);
  return code !== undefined && EXHAUSTION.includes(code);
}

/** @returns the system's reason and what to do, for a sentence such as "The sound process cannot be started: <text>" */
export function failureText(error: unknown): string {
  const code = errnoOf(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  return meaning ? `${meaning.reason} (${code}). ${meaning.remedy}` : errorText(error);
}

/** A file that cannot be read or written. The message is a sentence for users: the file, the system's reason and what to do. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly path: string;

  /**
   * @param what such as "The key"
   * @param failed such as "cannot be written"
   */
  constructor(what: string, path: string, failed: string, cause: unknown) {
    super(`${what} ${path} ${failed}: ${failureText(cause)}.`, { cause });
    this.path = path;
  }
}
