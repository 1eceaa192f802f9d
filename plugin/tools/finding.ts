// The result of one check of the doctor.

/** warning: calls are possible with restrictions. failure: calls are impossible until it is fixed. */
export type Verdict = "ok" | "warning" | "failure";

export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** One sentence. The name is part of the output of `doctor --json`. */
  readonly says: string;
  /** What to do, with a command if one helps. Null if nothing needs to be done. */
  readonly action: string | null;
}

export function ok(check: string, message: string): Finding {
  return { check, verdict: "ok", says: message, action: null };
}

export function warning(check: string, message: string, action: string): Finding {
  return { check, verdict: "warning", says: message, action };
}

export function failure(check: string, message: string, action: string): Finding {
  return { check, verdict: "failure", says: message, action };
}
