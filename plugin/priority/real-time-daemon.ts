// The interface to a daemon that gives threads of ordinary users a higher priority: rtkit (org.freedesktop.RealtimeKit1), or the
// portal of a sandbox that passes requests on to it (org.freedesktop.portal.Realtime).

/** What the daemon allows. A portal that was started before rtkit reports zeros, which allow nothing. */
export interface DaemonOffer {
  /** "rtkit" or "the portal". */
  readonly name: string;
  /** 0 for none. */
  readonly maxPriority: number;
  /** 0 for no raised niceness. */
  readonly minNice: number;
  /** The longest hard RLIMIT_RTTIME of a process that gets real time, µs. */
  readonly maxRealTimeUs: number;
}

/** A connection to the daemon. Every request rejects with an Error when it is refused or not answered in time. */
export interface RealTimeDaemon {
  readonly offer: DaemonOffer;
  /** SCHED_RR with SCHED_RESET_ON_FORK. The process must have an RLIMIT_RTTIME. */
  setRealTime(pid: number, tid: number, priority: number): Promise<void>;
  setNiceness(pid: number, tid: number, nice: number): Promise<void>;
  disconnect(): void;
}

/** Resolves with null where there is no such daemon. */
export type ConnectToDaemon = () => Promise<RealTimeDaemon | null>;
