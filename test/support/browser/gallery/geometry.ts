// Finds texts that overlap, are cut, or are wider than their box, and controls that are cut or covered. All functions run on the
// sheet, so they use nothing of this module but what they are given.

/** Source text of a function that returns one sentence for each misplaced part, with the page's width and scheme. */
export const findMisplacedSource = `() => {
  const tools = (${createTools})();
  const found = new Set();
  for (const frame of document.querySelectorAll("iframe")) {
    const shown = tools.read(frame);
    if (!shown) continue;
    for (const find of [${findCutTexts}, ${findOverlaps}, ${findHiddenControls}]) {
      for (const text of find(shown, tools)) found.add(frame.dataset.width + " " + frame.dataset.scheme + ": " + text);
    }
  }
  return [...found];
}`;

type Tools = ReturnType<typeof createTools>;
type ShownPage = NonNullable<ReturnType<Tools["read"]>>;

function createTools() {
  const isShown = (part: Element): boolean =>
    part.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const nameOf = (part: Element): string =>
    part.closest("[data-testid]")?.getAttribute("data-testid") ?? `${part.tagName}.${part.className}`;
  /** The part of the window that the scrolled ancestors leave. */
  const clipOf = (part: Element, view: DOMRect): DOMRect => {
    let [left, top, right, bottom] = [view.left, view.top, view.right, view.bottom];
    for (let at = part.parentElement; at; at = at.parentElement) {
      const { overflowY, position } = getComputedStyle(at);
      if (overflowY === "auto" || overflowY === "scroll") {
        const box = at.getBoundingClientRect();
        [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
        [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
      }
      if (position === "fixed") break;
    }
    return new DOMRect(left, top, right - left, bottom - top);
  };
  const isScrolled = (part: Element): boolean => {
    for (let at = part.parentElement; at; at = at.parentElement) {
      const canScroll = /auto|scroll/.test(getComputedStyle(at).overflowY);
      if (canScroll && at.scrollHeight > at.clientHeight + 1) return true;
    }
    return false;
  };
  /** Lines of one paragraph touch, and a line's box is higher than its letters. */
  const isOverlap = (a: DOMRect, b: DOMRect): boolean =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
  /** The lines of an element's own text; none for what nobody sees, and for initials, a picture behind opaque notices. */
  const linesOf = (part: HTMLElement): DOMRect[] => {
    const isVisible =
      getComputedStyle(part).clipPath === "none" && !part.closest("option, svg, [aria-hidden=true]");
    if (!isShown(part) || !isVisible) return [];
    const { bottom } = part.getBoundingClientRect();
    return [...part.childNodes].flatMap((node) => {
      if (node.nodeType !== 3 || !node.textContent?.trim()) return [];
      const range = part.ownerDocument.createRange();
      range.selectNodeContents(node);
      // Lines below the box are cut with it, which is found by the box.
      return [...range.getClientRects()].filter(({ width, top }) => width > 0 && top < bottom - 2);
    });
  };
  const read = (frame: HTMLIFrameElement) => {
    const page = frame.contentDocument;
    if (!page) return undefined;
    const view = new DOMRect(0, 0, frame.clientWidth, frame.clientHeight);
    const root = page.querySelector("dialog[open]") ?? page.body;
    const texts = [...root.querySelectorAll<HTMLElement>("*")].flatMap((part) => {
      const lines = linesOf(part);
      const text = `“${part.textContent.trim().slice(0, 40)}”`;
      return lines.length > 0 ? [{ part, lines, text, clip: clipOf(part, view) }] : [];
    });
    const controls = [...root.querySelectorAll<HTMLElement>("button, select, input")].filter(isShown);
    return { page, view, texts, controls };
  };
  return { read, nameOf, clipOf, isScrolled, isOverlap };
}

function findCutTexts({ texts }: ShownPage, { nameOf, isScrolled }: Tools): string[] {
  return texts.flatMap(({ part, lines, text, clip }) => {
    const { overflowX, overflowY } = getComputedStyle(part);
    const isTooLong = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
    const isCut = isTooLong && overflowX !== "visible" && overflowX !== "auto" && overflowY !== "auto";
    const box = part.getBoundingClientRect();
    const faults = isCut ? [`${text} is cut in ${nameOf(part)}`] : [];
    for (const { left, right, top, bottom } of lines) {
      const isWide = left < clip.left - 1 || right > clip.right + 1;
      const isHigh = top < clip.top - 1 || bottom > clip.bottom + 1;
      if (isWide || (isHigh && !isScrolled(part)))
        faults.push(`${text} leaves its window in ${nameOf(part)}`);
      if (right > box.right + 1 || left < box.left - 1) faults.push(`${text} is wider than ${nameOf(part)}`);
    }
    return faults;
  });
}

function findOverlaps({ texts, controls }: ShownPage, { nameOf, isOverlap }: Tools): string[] {
  const faults: string[] = [];
  const meets = (a: (typeof texts)[number], line: DOMRect, clip: DOMRect): boolean =>
    a.lines.some((own) => isOverlap(own, line) && [own, line].every((one) => isOverlap(one, clip)));
  texts.forEach((one, index) => {
    for (const other of texts.slice(index + 1)) {
      if (one.part.contains(other.part) || other.part.contains(one.part)) continue;
      const isHit = other.lines.some((line) => meets(one, line, one.clip) && meets(one, line, other.clip));
      if (isHit) faults.push(`${one.text} overlaps ${other.text}`);
    }
    for (const control of controls) {
      // The small picture is a button, and notices may lie in front of it.
      if (!control.matches("button") || control.matches(".own") || control.contains(one.part)) continue;
      const isHit = meets(one, control.getBoundingClientRect(), one.clip);
      if (isHit) faults.push(`${one.text} lies under ${nameOf(control)}`);
    }
  });
  return faults;
}

function findHiddenControls(
  { page, view, controls }: ShownPage,
  { nameOf, clipOf, isScrolled }: Tools,
): string[] {
  return controls.flatMap((part) => {
    const { left, top, right, bottom, width, height } = part.getBoundingClientRect();
    const clip = clipOf(part, view);
    const isWide = left < clip.left - 1 || right > clip.right + 1;
    const isHigh = top < clip.top - 1 || bottom > clip.bottom + 1;
    if (isWide || (isHigh && !isScrolled(part))) return [`${nameOf(part)} leaves its window`];
    const front = page.elementFromPoint(left + width / 2, top + height / 2);
    // A message that passes may cover the small picture.
    const isFree = front === null || part.contains(front) || part.matches(".own");
    return isHigh || isFree ? [] : [`${nameOf(part)} is covered by ${nameOf(front)}`];
  });
}
