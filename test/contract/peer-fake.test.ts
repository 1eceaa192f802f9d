// The fake peer engine passes the contract of the real one.

import type { Rotation } from "../../native/types.ts";
import { createFakePeerEngine } from "../support/fakes/fake-peer-engine.ts";
import { connect, greyFrame, observePeer } from "../support/plugin/peer-pair.ts";
import { rotationContract } from "./peer/rotation.contract.ts";
import { peerContract } from "./peer.contract.ts";

peerContract("fake engine", createFakePeerEngine);

rotationContract("fake engine", async (body) => {
  const engine = createFakePeerEngine();
  const [sender, receiver] = [await observePeer(engine), await observePeer(engine)];
  await connect(sender, receiver);
  await body({
    receiver,
    turn: async (rotation: Rotation) => sender.peer.sendVideo({ ...greyFrame(60), rotation }),
  });
  for (const { peer } of [sender, receiver]) peer.close();
});
