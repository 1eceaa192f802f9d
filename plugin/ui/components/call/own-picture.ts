// The small picture of a video call, usually one's own. A click swaps it with the large one. The pointer and the arrow keys move
// it within its area, where it stays when the window changes.

import { button, h, setAttribute, setHidden } from "../../dom.ts";
import { icon } from "../../icons.ts";

/** Part of the free space that an arrow key moves the picture by. */
const STEP = 0.125;
/** A pointer that moves less still clicks. In pixels. */
const DRAG_THRESHOLD = 5;
/** The bottom right corner, as shares of the free space. */
const HOME = { x: 1, y: 1 };

type Position = Readonly<typeof HOME>;

const steps: Readonly<Record<string, Position>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

interface OwnPicture {
  /** The space in which the picture moves. */
  readonly area: HTMLElement;
  /** Holds the canvas or the image. */
  readonly box: HTMLElement;
  setShown(isShown: boolean): void;
  /** @param isSwapped whether it shows the other side */
  setSwapped(isSwapped: boolean): void;
  /** Shows a sign in place of the frames, which would show this page and in it the frames, without end. */
  setScreenSign(isShown: boolean): void;
}

export function createOwnPicture(onSwap: () => void): OwnPicture {
  const box = button({
    class: "own",
    testId: "own-picture",
    attributes: { "aria-keyshortcuts": "s", "aria-describedby": "own-hint" },
  });
  const sign = h("span", { class: "own-screen", testId: "own-screen" }, icon("screen"), "Your screen");
  setHidden(sign, true);
  box.append(sign);
  const hint = h(
    "p",
    { class: "announcer", attributes: { id: "own-hint" } },
    "Enter swaps the two pictures. The arrow keys move this one, Home moves it back.",
  );
  const area = h("div", { class: "own-area", testId: "own-area" }, box, hint);
  let [isSwapped, hasSign] = [false, false];
  const name = () => {
    const own = hasSign ? "Your screen, small" : "Your picture, small";
    setAttribute(box, "aria-label", isSwapped ? "The other side's picture, small" : own);
    setAttribute(box, "title", "Click to swap the pictures, drag to move this one");
  };
  makeMovable(area, box, onSwap);
  return {
    area,
    box,
    setShown: (isShown) => {
      box.dataset.shown = String(isShown);
    },
    setScreenSign(isShown) {
      hasSign = isShown;
      setHidden(sign, !isShown);
      name();
    },
    setSwapped(isNow) {
      isSwapped = isNow;
      name();
    },
  };
}

function makeMovable(area: HTMLElement, box: HTMLElement, onClick: () => void): void {
  let position: Position = HOME;
  let drag: { readonly start: PointerEvent; readonly from: Position } | undefined;
  /** The click that ends a drag is none. */
  let hasMoved = false;
  const move = ({ x, y }: Position): void => {
    position = { x: clamp(x), y: clamp(y) };
    box.style.setProperty("--own-x", String(position.x));
    box.style.setProperty("--own-y", String(position.y));
    area.dataset.moved = String(position.x !== HOME.x || position.y !== HOME.y);
  };
  move(HOME);
  box.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step) move({ x: position.x + step.x, y: position.y + step.y });
    else if (event.key === "Home") move(HOME);
    else return;
    event.preventDefault();
  });
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    hasMoved = false;
    drag = { start: event, from: position };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.start.clientX, event.clientY - drag.start.clientY];
    hasMoved ||= Math.hypot(dx, dy) >= DRAG_THRESHOLD;
    if (!hasMoved) return;
    const freeX = area.clientWidth - box.offsetWidth;
    const freeY = area.clientHeight - box.offsetHeight;
    move({ x: drag.from.x + share(dx, freeX), y: drag.from.y + share(dy, freeY) });
  });
  box.addEventListener("pointerup", () => {
    drag = undefined;
  });
  box.addEventListener("pointercancel", () => {
    if (drag) move(drag.from);
    drag = undefined;
  });
  // Follows pointerup. Its detail is 0 for Enter and Space on the keyboard.
  box.addEventListener("click", (event) => {
    if (event.detail === 0 || !hasMoved) onClick();
  });
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** @param free pixels that the picture can move by; none in a window that it fills */
function share(pixels: number, free: number): number {
  return free > 0 ? pixels / free : 0;
}
