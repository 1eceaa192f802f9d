// The version of the contract. It changes when an old host or an old plugin could misread the new one;
// new optional fields and new methods leave it alone.

/** `initialize` must name exactly this one. */
export const PROTOCOL_VERSION = 1;
