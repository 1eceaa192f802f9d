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

/** @returns a complete `frame` line in the plugin's key order */
export function scriptedFrameLine(
  stream: string,
  seq: number,
  source: string,
  { width, height }: { width: number; height: number },
): string {
  const base64 = Buffer.from(scriptedImage(source, seq, width, height)).toString("base64");
  return (
    `{"jsonrpc":"2.0","method":"frame","params":{"stream":"${stream}","seq":${seq},"capturedAt":${Date.now()},` +
    `"width":${width},"height":${height},"dataUrl":"data:image/svg+xml;n=${stream}-${seq};base64,${base64}"}}`
  );
}
