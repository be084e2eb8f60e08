// One panel: its frame, its plot, and what the pointer and the keys do on it.

import { element } from './elements.js';
import { downloads } from './export.js';
import { followStroke } from './lasso.js';
import { pictureAt } from './landmarks.js';
import { drawDensity, drawOverlay } from './overlay.js';
import { Plot } from './plot.js';
import { ABOUT, Sample } from './sample.js';

const REACH = 12; // pixels within which a point is hit
const TWICE = 350; // ms within which two clicks are a double click
const CLICK = 4; // pixels a pointer may move in a click
const MARGIN = 6; // pixels round the two images that span a box
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export class Panel {
  constructor(grid, spec) {
    Object.assign(this, { grid, key: spec.projection_key, plot: null, sample: null, clicked: -Infinity, marked: null });
    this.title = element('span', 'imgsim-title');
    this.badge = element('span', 'imgsim-badge');
    this.drawn = element('span', 'imgsim-drawn', { attributes: { title: ABOUT, 'aria-live': 'polite' } });
    this.header = element('header', 'imgsim-header', { children: [this.title, this.badge, this.drawn, downloads(this)] });
    this.crowd = element('canvas', 'imgsim-crowd');
    this.div = element('div', 'imgsim-plot');
    this.over = element('canvas', 'imgsim-over');
    this.message = element('div', 'imgsim-message', { text: 'Loading the map…' });
    this.body = element('div', 'imgsim-body', { children: [this.div, this.crowd, this.over, this.message], attributes: { tabindex: '0', role: 'application' } });
    this.root = element('section', 'imgsim-panel', { children: [this.header, this.body] });
    this.describe(spec);
    this.listen();
  }

  describe({ title, badge, about }) {
    this.title.textContent = title;
    this.badge.textContent = badge;
    this.badge.title = about || badge;
    this.header.hidden = !title && !badge && !this.plot?.sampled;
    this.body.setAttribute('aria-label', `Map ${title}. Arrow keys go from image to image, with Shift they move the map; Enter chooses, S twice selects a box between two images, plus and minus zoom, 0 shows all, Escape clears.`);
  }

  get number() { return this.grid.panels.indexOf(this); }

  setHeight(height) { this.body.style.height = `${height}px`; }

  fetch() { return this.grid.source.points(this.key, { cap: this.grid.cap }); }

  /** Have the points ready to draw. */
  async load() {
    const points = await this.fetch();
    this.plot = new Plot(this.div, await this.grid.loadPlotly('z' in points), points);
    this.root.classList.toggle('imgsim-3d', this.plot.is3d);
    if (!this.plot.sampled) return;
    this.header.hidden = false;
    this.drawn.textContent = `${points.x.length.toLocaleString('en')} of ${points.n.toLocaleString('en')} drawn`;
    if (!this.plot.is3d) this.sample = new Sample(this, await this.grid.source.density(this.key));
  }

  /** Say how many of how many are drawn now. */
  count() { if (this.sample) this.drawn.textContent = this.sample.text; }

  async draw(coloring, hidden) {
    this.message.hidden = this.plot.count > 0;
    this.message.textContent = 'No images on this map.';
    await this.plot.draw(coloring, hidden, this.body.clientWidth, this.body.clientHeight);
    for (const event of ['plotly_afterplot', 'plotly_relayouting', 'plotly_relayout']) this.div.on(event, () => this.overlay());
    this.div.on('plotly_relayout', () => this.refine());
    this.count();
    this.overlay();
  }

  fail(error) {
    this.message.hidden = false;
    this.message.textContent = `The map could not be loaded (${error.message}). Reload the page to try again.`;
  }

  resize() { return this.plot?.resize(this.body.clientWidth, this.body.clientHeight); }

  overlay() {
    if (!this.plot?.drawn) return;
    drawOverlay(this.over, this.plot, this.grid.state, this.grid.theme, this.number);
    if (this.sample) drawDensity(this.crowd, this.plot, this.sample.density, this.sample.part, this.grid.theme);
  }

  /** The view has changed. */
  refine() { if (this.sample) this.sample.refine(); else this.grid.moved(this); }

  /** Other colours or switched off categories. */
  async repaint(coloring, hidden) {
    await this.plot.repaint(coloring, hidden);
    if (this.sample) await this.sample.look(); // of what is shown now there may be more to draw
    else this.grid.moved(this);
  }

  listen() {
    const { body } = this;
    body.addEventListener('pointermove', (event) => this.hover(event));
    body.addEventListener('pointerleave', () => this.grid.hover(null));
    body.addEventListener('pointerdown', (event) => this.down(event), true);
    // Plotly starts to drag at mousedown: it must not see the one that starts a lasso.
    for (const type of ['mousedown', 'touchstart']) body.addEventListener(type, (event) => { if (this.stroking) event.stopPropagation(); }, true);
    body.addEventListener('keydown', (event) => this.pressed(event));
    body.addEventListener('wheel', () => this.follow(), { passive: true });
    body.addEventListener('blur', () => this.grid.hover(null));
  }

  place(event) {
    const frame = this.body.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  /** The row under the pointer: that of the nearest point, else of the picture that lies there; -1 for none. */
  rowAt(event) {
    const place = this.place(event);
    const row = this.plot.nearest(...place, REACH);
    return row >= 0 ? row : pictureAt(this.grid.state.landmarks[this.number] ?? [], this.plot, ...place);
  }

  hover(event) {
    if (this.stroking || (event.buttons && event.pointerType === 'mouse')) { this.grid.hover(null); return; }
    const row = this.plot?.drawn ? this.rowAt(event) : -1;
    this.div.classList.toggle('imgsim-pointing', row >= 0);
    this.grid.hover(row < 0 ? null : row, this);
  }

  down(event) {
    if (event.button !== 0 || !this.plot?.drawn) return;
    this.body.classList.add('imgsim-pointed'); // no outline round what the pointer has chosen
    this.body.focus({ preventScroll: true });
    const start = this.place(event);
    const tool = event.shiftKey || event.ctrlKey || event.metaKey ? this.grid.strokeTool : this.grid.tool;
    if (tool !== 'pan' && !this.plot.is3d) { this.stroke(tool, event); return; }
    const up = (end) => {
      window.removeEventListener('pointerup', up, true);
      this.following = false;
      const [x, y] = this.place(end);
      if (Math.hypot(x - start[0], y - start[1]) > CLICK) return;
      if (end.timeStamp - this.clicked < TWICE) this.plot.reset(); // plotly's cover keeps dblclick from being heard
      this.clicked = end.timeStamp;
      this.click(end);
    };
    window.addEventListener('pointerup', up, true);
    this.follow(true);
  }

  click(event) {
    const row = this.rowAt(event);
    this.grid.click(row < 0 ? null : row, this);
  }

  stroke(kind, event) {
    this.stroking = true;
    const mode = event.shiftKey ? 'add' : event.ctrlKey || event.metaKey ? 'remove' : 'replace';
    const moved = (path) => { this.grid.state.stroke = { panel: this.number, kind, path }; this.overlay(); };
    followStroke(this.body, event, moved, (path) => {
      this.stroking = false;
      this.grid.state.stroke = null;
      if (path) this.grid.select(this, kind, mode, path); else this.click(event);
      this.overlay();
    });
  }

  /** Keep the overlay on the points while a 3D view turns. */
  follow(held = false) {
    if (!this.plot?.is3d) return;
    this.following = held;
    const until = performance.now() + 600;
    const step = () => {
      this.overlay();
      if (this.following || performance.now() < until) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pressed(event) {
    this.body.classList.remove('imgsim-pointed');
    if (!this.plot?.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const go = arrow && (() => (event.shiftKey ? this.plot.pan(arrow) : this.step(arrow)));
    const act = this.keys()[event.key] ?? go;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  keys() {
    const { grid, plot } = this;
    const choose = () => grid.state.hover !== null && grid.click(grid.state.hover, this);
    return {
      Enter: choose, ' ': choose, '+': () => plot.zoom(1.5), '=': () => plot.zoom(1.5), '-': () => plot.zoom(1 / 1.5),
      0: () => plot.reset(), Escape: () => grid.click(null, this),
      p: () => grid.setTool('pan'), l: () => grid.setTool('lasso'), b: () => grid.setTool('box'),
      s: () => this.corner('replace'), S: () => this.corner('add'), r: () => this.corner('remove'),
    };
  }

  /** A box without a pointer: one press marks the image that the keys have gone to, the next selects from there to here. */
  corner(mode) {
    const at = this.plot.is3d ? null : this.screenPlace(this.grid.state.hover);
    if (!at) return;
    if (this.marked === null) { this.marked = this.grid.state.hover; this.grid.say('First corner of a box. Go on, then press S again.'); return; }
    const from = this.screenPlace(this.marked) ?? at;
    this.marked = null;
    const ends = [Math.min, Math.max].map((of, i) => at.map((value, axis) => of(value, from[axis]) + MARGIN * (2 * i - 1)));
    this.grid.select(this, 'box', mode, ends);
  }

  /** Where an image lies in this panel, in pixels; null where it is not drawn. */
  screenPlace(row) {
    const place = row === null ? null : this.plot.position(row);
    if (!place) return null;
    const view = this.plot.view();
    view.place(...place);
    return [view.px, view.py];
  }

  /** Go to the nearest image in a direction on the screen. */
  step([dx, dy]) {
    const { plot } = this;
    const view = plot.view();
    const { clientWidth: width, clientHeight: height } = this.body;
    const from = plot.position(this.grid.state.hover ?? this.grid.state.focus ?? -1);
    if (!from) { const row = plot.nearest(width / 2, height / 2, width + height); if (row >= 0) this.grid.hover(row, this, true); return; }
    view.place(...from);
    const [px, py] = [view.px, view.py];
    let [best, found] = [Infinity, -1];
    const { x, y, z } = plot.points;
    for (let i = 0; i < plot.count; i++) {
      view.place(x[i], y[i], z ? z[i] : 0);
      const along = (view.px - px) * dx + (view.py - py) * dy;
      const across = Math.abs((view.px - px) * dy) + Math.abs((view.py - py) * dx);
      if (along <= 0.5 || across > along * 1.5 || plot.isHidden(plot.row(i))) continue;
      const cost = along + 2 * across;
      if (cost < best) [best, found] = [cost, i];
    }
    if (found >= 0) this.grid.hover(plot.row(found), this, true);
  }

  destroy() {
    this.sample?.stop();
    this.plot?.destroy();
    this.root.remove();
  }
}
