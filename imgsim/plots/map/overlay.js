// What is drawn over the points on a canvas of our own: selection, neighbour lines, rings, landmarks, the lasso.

import { SIDE } from './landmarks.js';

/** Draw one panel's overlay. `state`: {hover, focus, neighbors, lost, guests, selected, stroke, landmarks}. */
export function drawOverlay(canvas, plot, state, theme, panelIndex) {
  const pen = prepare(canvas, plot);
  const view = plot.view();
  if (!view) return;
  const at = (row) => {
    const place = plot.isHidden(row) ? null : plot.position(row);
    if (!place) return null;
    view.place(...place);
    return [view.px, view.py];
  };
  if (state.selected) drawSelection(pen, plot, view, state.selected, theme);
  for (const mark of state.landmarks[panelIndex] ?? []) drawLandmark(pen, mark, at(mark.row), theme);
  const focus = state.focus === null ? null : at(state.focus);
  if (focus) drawLines(pen, focus, state, at, theme);
  for (const row of state.neighbors) ring(pen, at(row), 6, 1.75, theme.accent, theme.background);
  for (const row of state.lost) ring(pen, at(row), 5, 1.5, theme.warning, theme.background);
  ring(pen, focus, 9, 3, theme.accent, theme.background);
  const guest = (state.guests ?? [])[panelIndex];
  if (guest?.length) drawGuest(pen, guest.map(([x, y]) => { view.place(x, y); return [view.px, view.py]; }), theme);
  if (state.hover !== null) ring(pen, at(state.hover), 8, 2.25, theme.text, theme.background);
  if (state.stroke && state.stroke.panel === panelIndex) drawStroke(pen, state.stroke, theme);
}

/** The layer on a sample: how crowded each place is, of the whole map, and sharper where `part` was looked at. */
export function drawDensity(canvas, plot, whole, part, theme) {
  const pen = prepare(canvas, plot);
  const view = plot.view();
  if (!view) return;
  const frame = ([x0, x1, y0, y1]) => {
    view.place(x0, y1);
    const [left, top] = [view.px, view.py];
    view.place(x1, y0);
    return [left, top, view.px - left, view.py - top];
  };
  const dark = theme.rgb(theme.text)[1] > 128;
  canvas.style.mixBlendMode = dark ? 'screen' : 'multiply'; // it shades the points, whose colours stay
  pen.globalAlpha = 0.6;
  pen.drawImage(shade(whole, theme), ...frame(whole.box));
  if (!part) return;
  pen.clearRect(...frame(part.box));
  if (part.density) pen.drawImage(shade(part, theme), ...frame(part.box)); // without one all its points are drawn
}

function prepare(canvas, plot) {
  const { clientWidth: width, clientHeight: height } = plot.div;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function drawSelection(pen, plot, view, selected, theme) {
  const { x, y, z } = plot.points;
  pen.fillStyle = theme.background;
  pen.globalAlpha = 0.78;
  pen.fillRect(0, 0, plot.div.clientWidth, plot.div.clientHeight);
  pen.globalAlpha = 1;
  const { palette, codes } = plot.coloring;
  const side = plot.size;
  for (let i = 0; i < plot.count; i++) {
    const row = plot.row(i);
    if (!selected[row] || plot.isHidden(row)) continue;
    view.place(x[i], y[i], z ? z[i] : 0);
    pen.fillStyle = codes === null ? palette[0] : palette[codes[row]];
    if (side > 4) dot(pen, view.px, view.py, side / 2); else pen.fillRect(view.px - side / 2, view.py - side / 2, side, side);
  }
}

function drawLines(pen, from, state, at, theme) {
  state.neighbors.forEach((row, rank) => {
    const alpha = 0.95 - (0.5 * rank) / state.neighbors.length;
    line(pen, from, at(row), theme.background, 0.5 * alpha, [], 4);
    line(pen, from, at(row), theme.accent, alpha, []);
  });
  state.lost.forEach((row) => line(pen, from, at(row), theme.warning, 0.8, [5, 4]));
}

/** A point that is no image of the map: the way it has come, and where it is now. */
function drawGuest(pen, places, theme) {
  const [x, y] = places.at(-1);
  for (const [color, width] of [[theme.background, 4.5], [theme.text, 2]]) {
    places.slice(1).forEach((to, i) => line(pen, places[i], to, color, 0.9, [], width));
  }
  pen.fillStyle = theme.text;
  places.slice(0, -1).forEach(([px, py]) => dot(pen, px, py, 2.5));
  pen.beginPath();
  [[x, y - 9], [x + 9, y], [x, y + 9], [x - 9, y]].forEach(([px, py]) => pen.lineTo(px, py));
  pen.closePath();
  pen.fillStyle = theme.warning;
  pen.fill();
  pen.strokeStyle = theme.background;
  pen.lineWidth = 2;
  pen.stroke();
}

function drawLandmark(pen, { image, color }, place, theme) {
  if (!place || !image.complete || !image.naturalWidth) return;
  const [left, top] = [place[0] - SIDE / 2, place[1] - SIDE / 2];
  const side = Math.min(image.naturalWidth, image.naturalHeight);
  pen.save();
  pen.beginPath();
  pen.roundRect(left, top, SIDE, SIDE, 6);
  pen.fillStyle = theme.background;
  pen.fill();
  pen.clip();
  pen.drawImage(image, (image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2, side, side, left, top, SIDE, SIDE);
  pen.restore();
  pen.strokeStyle = theme.background;
  pen.lineWidth = 4;
  pen.stroke();
  pen.strokeStyle = color;
  pen.lineWidth = 2;
  pen.stroke();
}

function drawStroke(pen, { kind, path }, theme) {
  if (path.length < 2) return;
  pen.beginPath();
  if (kind === 'box') pen.rect(path[0][0], path[0][1], path.at(-1)[0] - path[0][0], path.at(-1)[1] - path[0][1]);
  else { path.forEach(([x, y]) => pen.lineTo(x, y)); pen.closePath(); }
  pen.globalAlpha = 0.12;
  pen.fillStyle = theme.accent;
  pen.fill('evenodd');
  pen.globalAlpha = 1;
  pen.strokeStyle = theme.accent;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  pen.stroke();
  pen.setLineDash([]);
}

function ring(pen, place, radius, width, color, halo) {
  if (!place) return;
  for (const [thick, style] of [[width + 2.5, halo], [width, color]]) {
    pen.beginPath();
    pen.arc(place[0], place[1], radius, 0, 2 * Math.PI);
    pen.strokeStyle = style;
    pen.lineWidth = thick;
    pen.stroke();
  }
}

function line(pen, from, to, color, alpha, dash, width = 1.75) {
  if (!to) return;
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.setLineDash(dash);
  pen.globalAlpha = alpha;
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.stroke();
  pen.globalAlpha = 1;
  pen.setLineDash([]);
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

const FAINTEST = 24; // of 255: a place with one point can be seen
const shades = new WeakMap();

function shade(density, theme) {
  const kept = shades.get(density);
  if (kept && kept.ink === theme.text) return kept.canvas;
  const side = Math.sqrt(density.density.length);
  const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
  const pen = canvas.getContext('2d');
  const image = pen.createImageData(side, side);
  const [red, green, blue] = theme.rgb(theme.text);
  density.density.forEach((value, i) => {
    const to = ((side - 1 - Math.floor(i / side)) * side + (i % side)) * 4; // y goes up in the map, down on the screen
    image.data.set([red, green, blue, value && FAINTEST + (value * (255 - FAINTEST)) / 255], to);
  });
  pen.putImageData(image, 0, 0);
  shades.set(density, { canvas, ink: theme.text });
  return canvas;
}
