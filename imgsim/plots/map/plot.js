// One scatter plot: plotly draws the points, pans, zooms and turns; where a point is on the screen is worked out here.

const CONFIG = {
  displayModeBar: false, displaylogo: false, showSendToCloud: false, showTips: false, showAxisDragHandles: false,
  scrollZoom: true, doubleClick: false, responsive: false,
};
const NO_AXIS = { visible: false, showgrid: false, zeroline: false, showspikes: false, fixedrange: false };
const PADDING = 0.05; // of the map's width, on each side
const FEW = 1000; // points up to which plotly's SVG is drawn sooner than its WebGL is started

export class Plot {
  /** `points`: {n, total, x, y, z?, rows?} with `rows` missing when all n are there in order. */
  constructor(div, Plotly, points) {
    Object.assign(this, { div, Plotly, points, whole: points, is3d: 'z' in points, extra: new Map(), hidden: new Set() });
    this.drawn = false;
  }

  get count() { return this.points.x.length; }
  get sampled() { return this.points.total > this.count || this.points.n > this.count; }

  row(i) { return this.points.rows ? this.points.rows[i] : i; }

  index(row) {
    const { rows } = this.points;
    if (!rows) return row < this.count ? row : -1;
    let [low, high] = [0, rows.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (rows[middle] === row) return middle;
      if (rows[middle] < row) low = middle + 1; else high = middle - 1;
    }
    return -1;
  }

  isHidden(row) { return this.hidden.size > 0 && this.coloring.codes !== null && this.hidden.has(this.coloring.codes[row]); }

  get type() { return this.is3d ? 'scatter3d' : this.whole.n > FEW ? 'scattergl' : 'scatter'; }

  async draw(coloring, hidden, width, height) {
    Object.assign(this, { coloring, hidden });
    const layout = this.is3d ? this.layout3d() : this.layout2d(width, height);
    Object.assign(layout, { width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false,
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', uirevision: 'kept' });
    await this.Plotly.newPlot(this.div, [this.trace()], layout, CONFIG);
    this.drawn = true;
  }

  /** Other colours, hidden codes or points; the view stays. */
  async repaint(coloring, hidden, points = this.points) {
    Object.assign(this, { coloring, hidden, points });
    const { marker, ...trace } = this.trace();
    const update = { x: [trace.x], y: [trace.y] };
    if (this.is3d) update.z = [trace.z];
    for (const [name, value] of Object.entries(marker)) update[`marker.${name}`] = [value];
    await this.Plotly.restyle(this.div, update, [0]);
  }

  async resize(width, height) {
    const layout = this.div._fullLayout;
    if (!this.drawn || !layout || (layout.width === width && layout.height === height)) return;
    await this.Plotly.relayout(this.div, { width, height, ...(this.is3d ? {} : this.resized(layout, width, height)) });
  }

  /** The ranges after a change of size: all of the map where all was shown, else the same middle at the same scale. */
  resized({ xaxis, yaxis, width: before }, width, height) {
    const atHome = [...xaxis.range, ...yaxis.range].every((value, i) => value === [...this.home.x, ...this.home.y][i]);
    if (atHome) return this.toHome(width, height);
    const scale = (xaxis.range[1] - xaxis.range[0]) / before;
    const around = ([a, b], pixels) => [(a + b - scale * pixels) / 2, (a + b + scale * pixels) / 2];
    return { 'xaxis.range': around(xaxis.range, width), 'yaxis.range': around(yaxis.range, height) };
  }

  toHome(width, height) {
    this.home = fitted(bounds(this.whole.x), bounds(this.whole.y), width, height);
    return { 'xaxis.range': this.home.x, 'yaxis.range': this.home.y };
  }

  trace() {
    const { x, y, z } = this.points;
    const { codes, palette } = this.coloring;
    const shown = this.shown();
    const pick = (column) => (shown ? Float32Array.from(shown, (i) => column[i]) : column);
    const marker = { size: this.size, opacity: this.opacity, line: { width: 0 } };
    if (codes === null || palette.length === 1) marker.color = palette[0];
    else {
      const at = (i) => codes[this.row(i)];
      marker.color = shown ? Float32Array.from(shown, at) : Float32Array.from({ length: this.count }, (_, i) => at(i));
      marker.cmin = 0;
      marker.cmax = palette.length - 1;
      marker.colorscale = palette.map((color, i) => [i / (palette.length - 1), color]);
    }
    const trace = { type: this.type, mode: 'markers', hoverinfo: 'skip', marker };
    return { ...trace, x: pick(x), y: pick(y), ...(this.is3d ? { z: pick(z) } : {}) };
  }

  shown() {
    if (!this.hidden.size || this.coloring.codes === null) return null;
    const kept = [];
    for (let i = 0; i < this.count; i++) if (!this.isHidden(this.row(i))) kept.push(i);
    return kept;
  }

  get size() {
    const n = this.count;
    const size = n > 5e4 ? 3 : n > 1e4 ? 4 : n > 3e3 ? 5 : n > 600 ? 7 : 9;
    return this.is3d ? size * 0.7 : size;
  }

  get opacity() { return this.count > 5e4 ? (this.points.total > this.count ? 0.4 : 0.6) : this.count > 3e3 ? 0.75 : 0.9; }

  /** Both axes at one scale. Not by plotly's `scaleanchor`: with it every move of the map computes all points anew. */
  layout2d(width, height) {
    this.toHome(width, height);
    const { x, y } = this.home;
    return { dragmode: 'pan', xaxis: { ...NO_AXIS, range: x }, yaxis: { ...NO_AXIS, range: y } };
  }

  layout3d() {
    const axis = { showgrid: true, gridcolor: 'rgba(128,136,148,.25)', zeroline: false, showticklabels: false, title: { text: '' },
      showspikes: false, showbackground: false, showline: false };
    return { scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: 'cube', dragmode: 'turntable', hovermode: false } };
  }

  /** What turns map coordinates into pixels of the div now; null before the first drawing. */
  view() {
    const layout = this.div._fullLayout;
    if (!this.drawn || !layout) return null;
    return this.is3d ? view3d(layout) : view2d(layout);
  }

  /** Map coordinates of a row, null when it is not known here. */
  position(row) {
    const i = this.index(row);
    if (i < 0) return this.extra.get(row) ?? null;
    return this.is3d ? [this.points.x[i], this.points.y[i], this.points.z[i]] : [this.points.x[i], this.points.y[i]];
  }

  /** The row of the visible point nearest to a pixel within `radius`, or -1; in 3D the front one of equals. */
  nearest(px, py, radius) {
    const view = this.view();
    if (!view) return -1;
    let [best, found] = [radius * radius, -1];
    const { x, y, z } = this.points;
    for (let i = 0; i < this.count; i++) {
      view.place(x[i], y[i], z ? z[i] : 0);
      const far = (view.px - px) ** 2 + (view.py - py) ** 2;
      if (far < best && !this.isHidden(this.row(i))) [best, found] = [far, i];
    }
    return found < 0 ? -1 : this.row(found);
  }

  async zoom(factor) {
    if (this.is3d) {
      const { eye } = this.div._fullLayout.scene._scene.getCamera();
      return this.Plotly.relayout(this.div, { 'scene.camera.eye': scaled(eye, 1 / factor) });
    }
    const { xaxis, yaxis } = this.div._fullLayout;
    const narrow = ([a, b]) => { const [m, h] = [(a + b) / 2, (b - a) / 2 / factor]; return [m - h, m + h]; };
    return this.Plotly.relayout(this.div, { 'xaxis.range': narrow(xaxis.range), 'yaxis.range': narrow(yaxis.range) });
  }

  /** Move the view by a sixth of it to the right and down; a 3D view turns. */
  async pan([dx, dy]) {
    if (this.is3d) {
      const { eye } = this.div._fullLayout.scene._scene.getCamera();
      const [cos, sin] = [Math.cos(dx * 0.26), Math.sin(dx * 0.26)];
      const turned = { x: eye.x * cos - eye.y * sin, y: eye.x * sin + eye.y * cos, z: eye.z - dy * 0.2 };
      return this.Plotly.relayout(this.div, { 'scene.camera.eye': turned });
    }
    const { xaxis, yaxis } = this.div._fullLayout;
    const moved = ([a, b], by) => [a + (b - a) * by, b + (b - a) * by];
    return this.Plotly.relayout(this.div, { 'xaxis.range': moved(xaxis.range, dx / 6), 'yaxis.range': moved(yaxis.range, -dy / 6) });
  }

  async reset() {
    if (this.is3d) return this.Plotly.relayout(this.div, { 'scene.camera.eye': { x: 1.25, y: 1.25, z: 1.25 } });
    const { width, height } = this.div._fullLayout;
    return this.Plotly.relayout(this.div, this.toHome(width, height));
  }

  destroy() { if (this.drawn) this.Plotly.purge(this.div); this.drawn = false; }
}

function bounds(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
  if (!(high > low)) [low, high] = Number.isFinite(low) ? [low - 1, low + 1] : [-1, 1];
  const pad = (high - low) * PADDING;
  return [low - pad, high + pad];
}

/** The smallest ranges of one scale on both axes that hold these, for a picture of so many pixels. */
function fitted(x, y, width, height) {
  const scale = Math.max((x[1] - x[0]) / Math.max(width, 1), (y[1] - y[0]) / Math.max(height, 1));
  const around = ([a, b], pixels) => [(a + b - scale * Math.max(pixels, 1)) / 2, (a + b + scale * Math.max(pixels, 1)) / 2];
  return { x: around(x, width), y: around(y, height) };
}

function view2d({ xaxis, yaxis, _size: box }) {
  const kx = box.w / (xaxis.range[1] - xaxis.range[0]);
  const ky = box.h / (yaxis.range[1] - yaxis.range[0]);
  const view = { px: 0, py: 0, scale: kx, range: { x0: xaxis.range[0], x1: xaxis.range[1], y0: yaxis.range[0], y1: yaxis.range[1] } };
  view.place = (x, y) => { view.px = box.l + (x - xaxis.range[0]) * kx; view.py = box.t + (yaxis.range[1] - y) * ky; };
  view.unplace = (px, py) => [xaxis.range[0] + (px - box.l) / kx, yaxis.range[1] - (py - box.t) / ky];
  return view;
}

function view3d({ scene, _size: box }) {
  const { glplot, dataScale } = scene._scene;
  const { model, view, projection } = glplot.cameraParams;
  const m = times(projection, times(view, model));
  const result = { px: 0, py: 0, scale: 1 };
  result.place = (x, y, z) => {
    const [a, b, c] = [x * dataScale[0], y * dataScale[1], z * dataScale[2]];
    const w = m[3] * a + m[7] * b + m[11] * c + m[15];
    result.px = box.l + (0.5 + (m[0] * a + m[4] * b + m[8] * c + m[12]) / w / 2) * box.w;
    result.py = box.t + (0.5 - (m[1] * a + m[5] * b + m[9] * c + m[13]) / w / 2) * box.h;
  };
  return result;
}

/** Product of two 4 x 4 matrices, column after column. */
function times(a, b) {
  const out = new Array(16).fill(0);
  for (let column = 0; column < 4; column++)
    for (let row = 0; row < 4; row++)
      for (let k = 0; k < 4; k++) out[column * 4 + row] += a[k * 4 + row] * b[column * 4 + k];
  return out;
}

const scaled = ({ x, y, z }, by) => ({ x: x * by, y: y * by, z: z * by });
