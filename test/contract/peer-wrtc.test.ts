// The engine over libwebrtc passes the contract.

import "../support/process/exit-at-end.ts";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import { peerContract } from "./peer.contract.ts";

peerContract("wrtc engine", () => createWrtcEngine());
