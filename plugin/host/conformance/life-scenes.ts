// How a host starts and ends a plugin.

import assert from "node:assert/strict";
import { commonVersion, contactSchema, methods } from "../../../rpc-schema/index.ts";
import { P1, type Scene } from "./scene.ts";

const group = "start and end";

export const lifeScenes: readonly Scene[] = [
  {
    group,
    rule: "sends its versions and `carrier`, and `initialized` after the answer",
    async run({ initialized, leave }) {
      const params = methods.initialize.params.parse(initialized);
      assert.notEqual(commonVersion(params), null, "host and plugin have to speak a common version");
      assert.ok(params.carrier, "the host has to give its own peer id as carrier.selfId");
      await leave();
    },
  },
  {
    group,
    rule: "sends its contacts after `initialized`",
    async run({ plugin, leave }) {
      const { params = {} } = await plugin.notification("contacts.set");
      assert.ok(Array.isArray(params.contacts), "contacts.set has to have a list of contacts");
      for (const contact of params.contacts) contactSchema.parse(contact);
      await leave();
    },
  },
  {
    group,
    rule: "ends with `shutdown`, its answer, and then `exit` or the end of the plugin's input",
    async run({ network, leave }) {
      await leave();
      assert.deepEqual(network.reached, [], "a host without calls has nothing to send");
    },
  },
  {
    group,
    rule: "carries signals until `shutdown` is answered, because the plugin hangs up during it",
    async run({ plugin, host, network }) {
      plugin.send(1, P1, "call:c1", { type: "call-request" });
      await plugin.answer(1);
      const stopped = host.stop();
      const { id } = await plugin.request("shutdown");
      plugin.send(2, P1, "call:c1", { type: "call-hangup", reason: "shutdown" });
      assert.equal((await plugin.answer(2)).result, null, "the hang-up has to reach the peer");
      plugin.write({ id, result: null });
      await Promise.race([plugin.notification("exit"), plugin.inputEnded]);
      plugin.exit();
      await stopped;
      const sent = network.reached.map(({ payload }) => payload);
      assert.deepEqual(sent, [{ type: "call-request" }, { type: "call-hangup", reason: "shutdown" }]);
    },
  },
  {
    group,
    rule: "ends also when the plugin does not answer",
    async run({ plugin, host }) {
      await host.stop();
      await plugin.exited;
    },
  },
];
