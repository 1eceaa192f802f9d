// rtkit over the system bus, and its portal over the session bus. Both have the same methods.

import { errorText } from "../common/error-text.ts";
import { type Bus, openBus } from "../dbus/bus.ts";
import type { DaemonOffer, RealTimeDaemon } from "./real-time-daemon.ts";

interface Service {
  readonly label: string;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  /** Whether the bus may start it. A portal that does not run serves no sandbox. */
  readonly mayStart: boolean;
}

const RTKIT: Service = {
  label: "rtkit",
  destination: "org.freedesktop.RealtimeKit1",
  path: "/org/freedesktop/RealtimeKit1",
  interface: "org.freedesktop.RealtimeKit1",
  mayStart: true,
};
const PORTAL: Service = {
  label: "the portal",
  destination: "org.freedesktop.portal.Desktop",
  path: "/org/freedesktop/portal/desktop",
  interface: "org.freedesktop.portal.Realtime",
  mayStart: false,
};
/** The D-Bus specification's well-known address, for an environment without DBUS_SYSTEM_BUS_ADDRESS. */
const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";

/** Where the daemons are. A bus of null does not exist. */
export interface BusAddresses {
  readonly system: string | null;
  readonly session: string | null;
}

/** @param session the session bus; null without one */
export function busAddressesOf(env: NodeJS.ProcessEnv, session: string | null): BusAddresses {
  const { DBUS_SYSTEM_BUS_ADDRESS: system = "" } = env;
  return { system: system === "" ? SYSTEM_BUS : system, session };
}

/**
 * Tries rtkit first, then the portal, as PipeWire's own configuration does.
 * @param onRefused the reason of each that there is not
 */
export async function connectToRealTimeKit(
  { system, session }: BusAddresses,
  onRefused: (why: string) => void,
): Promise<RealTimeDaemon | null> {
  for (const [service, address] of [
    [RTKIT, system],
    [PORTAL, session],
  ] as const) {
    if (address === null) continue;
    try {
      return await connect(service, address);
    } catch (error) {
      onRefused(`${service.label}: ${errorText(error)}`);
    }
  }
  return null;
}

async function connect(service: Service, address: string): Promise<RealTimeDaemon> {
  const bus = await openBus(address);
  try {
    const offer = await offerOf(service, bus);
    if (offer.maxPriority <= 0 && offer.minNice >= 0) throw new Error("it allows no higher priority");
    return new BusDaemon(service, bus, offer);
  } catch (error) {
    bus.close();
    throw error;
  }
}

async function offerOf(service: Service, bus: Bus): Promise<DaemonOffer> {
  const read = async (property: string) => {
    const reply = await bus.ask({
      destination: service.destination,
      path: service.path,
      interface: "org.freedesktop.DBus.Properties",
      member: "Get",
      signature: "ss",
      body: [service.interface, property],
      ...(service.mayStart ? {} : { flags: bus.library.MessageFlag.NO_AUTO_START }),
    });
    const [value] = reply?.body ?? [];
    // RTTimeUSecMax is an int64, which the library returns as a bigint.
    const number = value instanceof bus.library.Variant ? Number(value.value) : Number.NaN;
    if (!Number.isFinite(number)) throw new Error(`${property}: no number`);
    return number;
  };
  return {
    name: service.label,
    maxPriority: await read("MaxRealtimePriority"),
    minNice: await read("MinNiceLevel"),
    maxRealTimeUs: await read("RTTimeUSecMax"),
  };
}

class BusDaemon implements RealTimeDaemon {
  readonly offer: DaemonOffer;
  readonly #service: Service;
  readonly #bus: Bus;

  constructor(service: Service, bus: Bus, offer: DaemonOffer) {
    this.#service = service;
    this.#bus = bus;
    this.offer = offer;
  }

  async setRealTime(pid: number, tid: number, priority: number): Promise<void> {
    await this.#request("MakeThreadRealtimeWithPID", "ttu", pid, tid, priority);
  }

  async setNiceness(pid: number, tid: number, nice: number): Promise<void> {
    await this.#request("MakeThreadHighPriorityWithPID", "tti", pid, tid, nice);
  }

  disconnect(): void {
    this.#bus.close();
  }

  async #request(member: string, signature: string, pid: number, tid: number, value: number): Promise<void> {
    const { destination, path, interface: of } = this.#service;
    const body = [BigInt(pid), BigInt(tid), value];
    await this.#bus.ask({ destination, path, interface: of, member, signature, body });
  }
}
