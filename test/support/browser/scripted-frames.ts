// Frames for a page under test: a moving person in front of an evening sky. They are SVG images, which need no encoder.

/** @param seq moves the image. @param source selects the colours, so that the two sides look different */
function scriptedImage(source: string, seq: number, width: number, height: number): string {
  const [sky, ground, shirt] =
    source === "remote" ? ["#ffb37a", "#6d4c7d", "#2f6f8f"] : ["#9ad0ec", "#4e8a5c", "#b5533c"];
  const sway = Math.sin(seq / 12) * width * 0.015;
  const [x, y, unit] = [width / 2 + sway, height * 0.52, height / 10];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="${sky}"/><stop offset="1" stop-color="${ground}"/></linearGradient></defs>` +
    `<rect width="100%" height="100%" fill="url(#g)"/>` +
    `<circle cx="${width * (0.2 + 0.1 * Math.sin(seq / 40))}" cy="${height * 0.25}" r="${unit}" fill="#fff3d6"/>` +
    `<path d="M0 ${height * 0.7} Q${width / 3} ${height * 0.55} ${width / 2} ${height * 0.68} T${width} ${height * 0.62} V${height} H0Z" fill="${ground}" opacity=".7"/>` +
    `<ellipse cx="${x}" cy="${height}" rx="${unit * 3.2}" ry="${unit * 3}" fill="${shirt}"/>` +
    `<rect x="${x - unit * 0.6}" y="${y + unit}" width="${unit * 1.2}" height="${unit * 1.6}" fill="#d9a27c"/>` +
    `<ellipse cx="${x}" cy="${y}" rx="${unit * 1.5}" ry="${unit * 1.9}" fill="#e8b68e"/>` +
    `<path d="M${x - unit * 1.6} ${y - unit * 0.2} Q${x} ${y - unit * 3.4} ${x + unit * 1.6} ${y - unit * 0.2} Q${x} ${y - unit * 1.6} ${x - unit * 1.6} ${y - unit * 0.2}Z" fill="#3d2b26"/>` +
    `<path d="M${x - unit * 0.5} ${y + unit * 0.8} Q${x} ${y + unit * 1.2} ${x + unit * 0.5} ${y + unit * 0.8}" stroke="#7c3f35" stroke-width="${unit / 8}" fill="none"/>` +
    `</svg>`
  );
}

/** A screen with a window of text, whose lines show how sharp it is. It has a border of two pixels, which shows that it is whole. */
function scriptedScreen(width: number, height: number): string {
  const { width: full, height: fullHeight } = SCREEN_SIZE;
  const lines = Array.from({ length: 34 }, (_, line) => {
    const text = `${line + 1}. The quick brown fox jumps over the lazy dog, and nobody was called meanwhile.`;
    return `<text x="420" y="${190 + 23 * line}">${text}</text>`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${full} ${fullHeight}">` +
    `<rect x="1" y="1" width="${full - 2}" height="${fullHeight - 2}" fill="#35506b" stroke="#ff00ff" stroke-width="2"/>` +
    `<rect x="380" y="90" width="1160" height="900" rx="10" fill="#ffffff"/><rect x="380" y="90" width="1160" height="50" rx="10" fill="#d5dbe3"/>` +
    `<g font-family="DejaVu Sans, sans-serif" font-size="18" fill="#111111">${lines.join("")}</g></svg>`
  );
}

/** Of a shared screen, in pixels. */
const SCREEN_SIZE = { width: 1920, height: 1080 };

/** @returns a complete `frame` line in the plugin's key order */
export function scriptedFrameLine(
  stream: string,
  seq: number,
  source: string,
  { width, height }: { width: number; height: number },
): string {
  return frameLine(stream, seq, { width, height }, scriptedImage(source, seq, width, height));
}

/** The same for a shared screen, which is scaled to what the stream asked for. @param maxWidth in pixels */
export function scriptedScreenLine(stream: string, seq: number, maxWidth: number): string {
  const share = Math.min(1, maxWidth / SCREEN_SIZE.width);
  const [width, height] = [Math.round(SCREEN_SIZE.width * share), Math.round(SCREEN_SIZE.height * share)];
  return frameLine(stream, seq, { width, height }, scriptedScreen(width, height));
}

function frameLine(stream: string, seq: number, size: typeof SCREEN_SIZE, image: string): string {
  const { width, height } = size;
  const base64 = Buffer.from(image).toString("base64");
  return (
    `{"jsonrpc":"2.0","method":"frame","params":{"stream":"${stream}","seq":${seq},"capturedAt":${Date.now()},` +
    `"width":${width},"height":${height},"dataUrl":"data:image/svg+xml;n=${stream}-${seq};base64,${base64}"}}`
  );
}
