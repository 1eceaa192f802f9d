// The fake peer engine passes the contract of the real one.

import { createFakePeerEngine } from "../support/fakes/fake-peer-engine.ts";
import { peerContract } from "./peer.contract.ts";

peerContract("fake engine", createFakePeerEngine);
