// What `initialize` established about the host, and the call mode that follows from it.

import {
  commonVersion,
  type HOST_ALERTS,
  type HOST_CAPABILITIES,
  type Params,
} from "../../rpc-schema/index.ts";
import { type CallMode, decideMode, type HostAbilities } from "../../statecharts/index.ts";

export class Session {
  #abilities: HostAbilities;
  #mode: CallMode = "native";
  #params: Params<"initialize"> | null = null;

  /** @param platform as Node names it */
  constructor(platform: string) {
    this.#abilities = { webviewCanCall: undefined, platform };
  }

  /** Decides which modes are possible. `initialize` adds what the host states about its webview. */
  get abilities(): HostAbilities {
    return this.#abilities;
  }

  /** The mode that `initialize` answered. A changed setting takes effect at the next start. */
  get mode(): CallMode {
    return this.#mode;
  }

  /** The params of `initialize`; null before it. */
  get params(): Params<"initialize"> | null {
    return this.#params;
  }

  /** Whether the host named this capability. Hosts of version 1 have none. */
  hostHas(capability: (typeof HOST_CAPABILITIES | typeof HOST_ALERTS)[number]): boolean {
    const params = this.#params;
    if (!params || commonVersion(params) === 1) return false;
    return params.capabilities?.includes(capability) ?? false;
  }

  /** Comes before the settings are checked, since the mode that they may name depends on it. */
  setWebview(canCall: boolean | undefined): void {
    this.#abilities = { ...this.#abilities, webviewCanCall: canCall };
  }

  /** @returns the mode of this session */
  begin(params: Params<"initialize">, wantedMode: Parameters<typeof decideMode>[0]): CallMode {
    this.#params = params;
    this.#mode = decideMode(wantedMode, this.#abilities);
    return this.#mode;
  }
}
