// What one check of the doctor found.

/** ok; warning: calls are possible, with less; failure: no call is possible until it is put right. */
export type Verdict = "ok" | "warning" | "failure";

export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly says: string;
  /** What to do, a command where one helps; null when nothing is to be done. */
  readonly action: string | null;
}

export function ok(check: string, says: string): Finding {
  return { check, verdict: "ok", says, action: null };
}

export function warning(check: string, says: string, action: string): Finding {
  return { check, verdict: "warning", says, action };
}

export function failure(check: string, says: string, action: string): Finding {
  return { check, verdict: "failure", says, action };
}
