// The versions of the contract, and how host and plugin agree on one of them. CHANGELOG.md lists what each version adds
// and changes. A version rises when an old host or an old plugin could misread a message. New methods and new optional
// fields do not raise it, because receivers ignore what they do not know.

/** The versions that this package speaks, the lowest first. */
export const PROTOCOL_VERSIONS = [1, 2] as const;
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** The newest version that this package speaks. */
export const PROTOCOL_VERSION = 2;

/** What `initialize` carries about versions; a host of version 1 sends `protocolVersion` alone. */
export interface OfferedVersions {
  readonly protocolVersion?: number | undefined;
  readonly protocolVersions?: readonly number[] | undefined;
}

/** @returns every version that the host speaks, the lowest first */
export function offeredVersions({ protocolVersion, protocolVersions = [] }: OfferedVersions): number[] {
  const single = protocolVersion === undefined ? [] : [protocolVersion];
  return [...new Set([...protocolVersions, ...single])].sort((a, b) => a - b);
}

/** @returns the highest version that host and plugin both speak, or null when they have none in common */
export function commonVersion(offer: OfferedVersions): ProtocolVersion | null {
  const offered = offeredVersions(offer);
  return PROTOCOL_VERSIONS.findLast((version) => offered.includes(version)) ?? null;
}

/** Optional features of this plugin, by the names that the answer to `initialize` lists in `capabilities`. */
export const PLUGIN_CAPABILITIES = [
  "carrier", // signal.deliver, signal.send and contacts.set: the host can relay the signals
  "charts", // charts.*
  "contactChanges", // contacts.changed with `removed`, for hosts that name this capability too
  "diagnostics", // debug.bundle
  "missedCalls", // calls.missed, calls.seen and calls.missedChanged
  "mjpegFrames", // the frame delivery `mjpeg`
  "notifications", // it shows a desktop notification for an incoming call
  "refusals", // debug.refusals
  "resume", // calls.persisted, and `resume` of initialize
  "ringing", // it rings, and plays the tones of a call that does not answer
  "screenSharing", // screen.sources and call.shareScreen
  "websocketFrames", // the frame delivery `websocket`
] as const;

/** Optional features of a host, by the names that `initialize` lists in `capabilities`. */
export const HOST_CAPABILITIES = [
  "carrier", // the host can relay the signals
  "contactChanges", // the host takes contacts.changed as changes instead of the whole list
  "resume", // the host keeps calls.persisted and gives it to the next plugin
] as const;

/** What a host does in place of the plugin. A host that names one of these keeps the plugin from doing the same. */
export const HOST_ALERTS = [
  "notifications", // the host shows a notification for an incoming call
  "ringing", // the host rings, and plays the tones of a call that does not answer
] as const;
