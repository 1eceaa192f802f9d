// Finds regular expressions that may take more than linear time: those that repeat a repetition, those whose neighbouring
// repetitions share characters, and those that search a long run again from each of its characters. It refuses some harmless
// ones too, because each of them can be written in another way.

/** A repetition with a higher limit counts as endless. */
const MANY = 100;
/** Enough for every expression of the project. */
const MAX_SEQUENCES = 400;

/** Characters that stand for all others. */
const DOMAIN: readonly string[] = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  "\u2028",
  "€",
  "世",
  "😀",
];

/** One character out of a set, or a place without characters. */
interface Item {
  readonly kind: "set" | "start" | "end" | "word" | "behind" | "ahead";
  readonly set: ReadonlySet<string>;
  readonly min: number;
  readonly isEndless: boolean;
}

interface Group {
  readonly kind: "group";
  readonly alternatives: readonly (readonly Part[])[];
  readonly min: number;
  readonly isEndless: boolean;
}

type Part = Item | Group;

const NOTHING: ReadonlySet<string> = new Set();
const WORD = setOf("\\w", "");

/** @param literal such as `/a+b/g` @returns what is wrong with it; empty if it takes linear time */
export function growthFaults(literal: string): string[] {
  const end = literal.lastIndexOf("/");
  const flags = literal.slice(end + 1);
  const reader = new RegexReader(literal.slice(1, end), flags);
  const alternatives = reader.alternatives();
  const faults = new Set(reader.faults);
  for (const sequence of [...alternatives.flatMap(sequencesOf), ...reader.behind]) {
    for (const fault of faultsIn(sequence, flags)) faults.add(fault);
  }
  return [...faults];
}

function faultsIn(items: readonly Item[], flags: string): string[] {
  const endless = items.flatMap((item, index) => (item.isEndless ? [index] : []));
  const faults: string[] = [];
  for (const [nth, first] of endless.entries()) {
    if (endless.slice(nth + 1).some((second) => areAmbiguous(items, first, second)))
      faults.push(
        "two repetitions share characters, with nothing between them that tells where the first ends",
      );
    if (!flags.includes("y") && mayFailAfter(items, first) && !isGuarded(items, first, flags))
      faults.push("a search begins at each character of a repetition");
  }
  return faults;
}

function areAmbiguous(items: readonly Item[], first: number, second: number): boolean {
  const [one, other] = [setAt(items, first), setAt(items, second)];
  if (areDisjoint(one, other)) return false;
  const between = items.slice(first + 1, second).filter(({ kind, min }) => kind === "set" && min > 0);
  return !between.some(({ set }) => areDisjoint(set, one) || areDisjoint(set, other));
}

function mayFailAfter(items: readonly Item[], index: number): boolean {
  return items.slice(index + 1).some(({ kind, min }) => (kind === "set" ? min > 0 : kind !== "start"));
}

/** Whether a match can begin at few characters of a run of the repetition. */
function isGuarded(items: readonly Item[], index: number, flags: string): boolean {
  const run = setAt(items, index);
  const before = items.slice(0, index);
  if (before.some(({ kind, set, min }) => kind === "set" && min > 0 && areDisjoint(set, run))) return true;
  return before.some(({ kind, set }) => {
    if (kind === "start") return !flags.includes("m") || !run.has("\n");
    if (kind === "word") return isWithin(run, WORD);
    return kind === "behind" && isWithin(run, set);
  });
}

function setAt(items: readonly Item[], index: number): ReadonlySet<string> {
  return items[index]?.set ?? NOTHING;
}

function areDisjoint(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return ![...one].some((character) => other.has(character));
}

function isWithin(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].every((character) => other.has(character));
}

/** Every way through the groups. A repeated group becomes one repetition of all of its characters. */
function sequencesOf(parts: readonly Part[]): Item[][] {
  let found: Item[][] = [[]];
  for (const part of parts) {
    const ways = part.kind === "group" ? waysThrough(part) : [[part]];
    found = found.flatMap((before) => ways.map((way) => [...before, ...way])).slice(0, MAX_SEQUENCES);
  }
  return found;
}

function waysThrough(group: Group): Item[][] {
  const inner = group.alternatives.flatMap(sequencesOf);
  if (group.isEndless) {
    const set = new Set(inner.flat().flatMap((item) => [...item.set]));
    return [[{ kind: "set", set, min: group.min, isEndless: true }]];
  }
  return group.min > 0 ? inner : [[], ...inner];
}

function isEndless(part: Part): boolean {
  return part.isEndless || (part.kind === "group" && part.alternatives.flat().some(isEndless));
}

function setOf(atom: string, flags: string): Set<string> {
  const one = new RegExp(`^(?:${atom})$`, flags.replaceAll(/[gmy]/g, ""));
  return new Set(DOMAIN.filter((character) => one.test(character)));
}

class RegexReader {
  readonly faults: string[] = [];
  /** The contents of lookbehinds, in the order in which the engine reads them: backwards. */
  readonly behind: Item[][] = [];
  readonly #text: string;
  readonly #flags: string;
  #at = 0;

  constructor(text: string, flags: string) {
    this.#text = text;
    this.#flags = flags;
  }

  alternatives(): Part[][] {
    const all: Part[][] = [[]];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#take("|")) all.push([]);
      else all.at(-1)?.push(this.#part());
    }
    return all;
  }

  #part(): Part {
    const atom = this.#take("(") ? this.#group() : this.#atom();
    const [min, max] = this.#quantifier();
    const repeats = max > MANY;
    if (repeats && atom.kind === "group" && atom.alternatives.flat().some(isEndless))
      this.faults.push("a repetition is repeated");
    return { ...atom, min: Math.min(min, atom.min), isEndless: atom.isEndless || repeats };
  }

  #group(): Part {
    const look = /^\?<?[=!]/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    const name = /^\?(?::|<\w+>)/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += (look || name).length;
    const alternatives = this.alternatives();
    this.#take(")");
    if (look === "") return { kind: "group", alternatives, min: 1, isEndless: false };
    const sequences = alternatives.flatMap(sequencesOf);
    if (look.startsWith("?<")) this.behind.push(...sequences.map((one) => one.toReversed()));
    const set = new Set(sequences.flatMap((one) => [...(one.at(-1)?.set ?? [])]));
    const isRunStart = look === "?<!" && sequences.every((one) => one.length === 1);
    const kind = look.startsWith("?<") ? "behind" : "ahead";
    return { kind, set: isRunStart ? set : NOTHING, min: 0, isEndless: false };
  }

  #atom(): Item {
    const rest = this.#text.slice(this.#at);
    const atom =
      /^(?:\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S])/u.exec(
        rest,
      )?.[0] ?? rest.charAt(0);
    this.#at += atom.length;
    if (atom === "^") return { kind: "start", set: NOTHING, min: 0, isEndless: false };
    if (atom === "$") return { kind: "end", set: NOTHING, min: 0, isEndless: false };
    if (atom === "\\b" || atom === "\\B") return { kind: "word", set: NOTHING, min: 0, isEndless: false };
    return { kind: "set", set: setOf(atom, this.#flags), min: 1, isEndless: false };
  }

  #quantifier(): [min: number, max: number] {
    const [text = "", , least, comma, most] =
      /^([*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += text.length;
    if (text === "") return [1, 1];
    if (least === undefined) return [text.startsWith("+") ? 1 : 0, text.startsWith("?") ? 1 : Infinity];
    return [Number(least), comma === "" ? Number(least) : Number(most || Infinity)];
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}
