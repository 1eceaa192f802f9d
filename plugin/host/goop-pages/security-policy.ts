// Extends a content security policy (CSP level 3) by what the inserted script needs, and by nothing else.

/** Directive → sources. */
export type PolicyNeeds = Readonly<Record<string, readonly string[]>>;

/** Directives that do not fall back to `default-src`. Without them everything is allowed. */
const WITHOUT_FALLBACK: ReadonlySet<string> = new Set(["frame-ancestors"]);

/** @param header the value of one Content-Security-Policy header, which can hold several policies */
export function extendPolicy(header: string, needs: PolicyNeeds): string {
  return header
    .split(",")
    .map((policy) => extendOne(policy, needs))
    .join(", ");
}

function extendOne(policy: string, needs: PolicyNeeds): string {
  const directives = new Map<string, string[]>();
  for (const text of policy.split(";")) {
    const [name = "", ...sources] = text.trim().split(/\s+/);
    // A browser uses the first of two equal directives.
    if (name !== "" && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources);
  }
  for (const [name, sources] of Object.entries(needs)) {
    const fallback = WITHOUT_FALLBACK.has(name) ? undefined : directives.get("default-src");
    const known = directives.get(name) ?? fallback;
    if (known) directives.set(name, addSources(known, sources));
  }
  return [...directives].map((directive) => directive.flat().join(" ")).join("; ");
}

function addSources(known: readonly string[], sources: readonly string[]): string[] {
  const allowed = known.filter((source) => source.toLowerCase() !== "'none'");
  return [...new Set([...allowed, ...sources])];
}
