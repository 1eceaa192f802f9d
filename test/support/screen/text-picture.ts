// A picture with small text in I420, for a video node that plays a screen.

/** Letters of 5 by 7 pixels, a row of bits in each number. */
const LETTERS: readonly (readonly number[])[] = [
  [14, 17, 17, 31, 17, 17, 17],
  [31, 16, 16, 30, 16, 16, 31],
  [17, 17, 17, 31, 17, 17, 17],
  [14, 4, 4, 4, 4, 4, 14],
  [17, 25, 21, 19, 17, 17, 17],
  [14, 17, 17, 17, 17, 17, 14],
  [31, 4, 4, 4, 4, 4, 4],
  [17, 10, 4, 4, 4, 10, 17],
];
const CELL = { width: 7, height: 11 };
const MARGIN = 20;
/** Luma of white and black. Chroma 128 has no colour. */
const [WHITE, BLACK, NO_COLOUR] = [235, 16, 128];

/** @returns a white picture full of lines of letters. Sizes in pixels, even */
export function textPicture(width: number, height: number): Buffer {
  const picture = Buffer.alloc((width * height * 3) / 2, NO_COLOUR);
  picture.fill(WHITE, 0, width * height);
  let index = 0;
  for (let top = MARGIN; top + CELL.height < height - MARGIN; top += CELL.height) {
    for (let left = MARGIN; left + CELL.width < width - MARGIN; left += CELL.width) {
      index = (index * 5 + 3) % 1_021;
      const rows = LETTERS[index % LETTERS.length] ?? [];
      rows.forEach((bits, y) => {
        for (let x = 0; x < 5; x += 1) if (bits & (16 >> x)) picture[(top + y) * width + left + x] = BLACK;
      });
    }
  }
  return picture;
}
