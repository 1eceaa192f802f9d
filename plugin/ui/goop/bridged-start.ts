// The first script of a page of Goop² behind the bridge. No module: it must run before the page's own scripts. It defines
// `Goop.call` and `Goop.callState`, which pass on to the module that it loads. Goop²'s own scripts define these names too; their
// assignments have no effect.

(() => {
  type BridgedPage = Awaited<ReturnType<typeof load>>;
  type Watcher = Parameters<BridgedPage["callState"]["watch"]>;

  async function load() {
    const script = document.currentScript;
    const token = script instanceof HTMLScriptElement ? (script.dataset.token ?? "") : "";
    const { connectPage } = await import("./bridged-page.ts");
    return connectPage(token);
  }

  let page: BridgedPage | undefined;
  const loading = load().then((loaded) => {
    page = loaded;
    return loaded;
  });
  const whenLoaded = (work: (loaded: BridgedPage) => void): void => {
    loading.then(work).catch(reportError);
  };

  const call: BridgedPage["call"] = {
    start: async (peerId, media) => (await loading).call.start(peerId, media),
    onIncoming: (listener) => whenLoaded((loaded) => loaded.call.onIncoming(listener)),
    onRestore: (listener) => whenLoaded((loaded) => loaded.call.onRestore(listener)),
    activeCalls: () => page?.call.activeCalls() ?? [],
  };

  const callState = {
    get phase() {
      return page?.callState.phase ?? "idle";
    },
    get channelId() {
      return page?.callState.channelId ?? "";
    },
    get peerID() {
      return page?.callState.peerID ?? "";
    },
    get: (key: Watcher[0]) => callState[key],
    watch(...[key, watcher, immediate = false]: Watcher): () => void {
      if (page) return page.callState.watch(key, watcher, immediate);
      if (immediate) watcher(callState[key], callState[key]);
      let isWatching = true;
      let stop = () => {
        isWatching = false;
      };
      // Until the module is loaded there is no call, so a watcher misses no change but that from idle.
      whenLoaded((loaded) => {
        if (isWatching) stop = loaded.callState.watch(key, watcher, loaded.callState.phase !== "idle");
      });
      return () => stop();
    },
  };

  const goop: object = globalThis.Goop ?? {};
  for (const [name, value] of Object.entries({ call, callState })) {
    Object.defineProperty(goop, name, { enumerable: true, get: () => value, set: () => undefined });
  }
  Object.assign(globalThis, { Goop: goop });
})();
