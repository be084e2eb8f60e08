// Linked panels of one collection: what is hovered, in focus or selected on one is so on all.

import { categoryColoring, numberColoring, plainColoring } from './colors.js';
import { element } from './elements.js';
import { Card } from './hover.js';
import { chooseLandmarks } from './landmarks.js';
import { insideStroke } from './lasso.js';
import { Legend } from './legend.js';
import { Panel } from './panel.js';
import { readTheme, watchTheme } from './theme.js';
import { ToolBar } from './tools.js';

const REST = 90; // ms that a pointer rests on a point before what a click would show is fetched
const AHEAD = 12; // pictures of it, those in sight
const REPAINT = 200; // ms: two clicks on the legend are one drawing

export class Grid {
  /** `source` tells points, fields and pictures; `loadPlotly(is3d)` gives what draws them; `emit(event, value)` takes clicks and selections. */
  constructor(root, source, loadPlotly, emit) {
    Object.assign(this, { root, source, loadPlotly, emit, panels: [], tool: 'pan', strokeTool: 'lasso', cap: 100000 });
    this.state = { hover: null, focus: null, neighbors: [], lost: [], guests: [], selected: null, stroke: null, landmarks: [] };
    this.strokes = [];
    this.counting = false;
    this.colorings = [];
    this.seen = {};
    this.theme = readTheme(root);
    this.build();
    this.queue = Promise.resolve();
  }

  build() {
    this.tools = new ToolBar(this);
    this.legend = new Legend((hidden) => this.hide(hidden));
    this.field = element('div', 'imgsim-panels');
    this.live = element('div', 'imgsim-live', { attributes: { 'aria-live': 'polite' } });
    this.stage = element('div', 'imgsim-stage', { children: [this.field, this.legend.root] });
    this.root.replaceChildren(this.tools.root, this.stage, this.live);
    this.card = new Card(this.root, this.source);
    this.unwatch = watchTheme(this.root, () => { this.theme = readTheme(this.root); this.overlays(); });
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.field);
  }

  /** Show what Python says; only what has changed is done. */
  update(spec) {
    this.queue = this.queue.then(() => this.apply(spec)).catch((error) => this.fail(error));
    return this.queue;
  }

  async apply(spec) {
    if (this.gone) return;
    this.spec = spec;
    this.cap = spec.cap ?? this.cap;
    this.root.classList.toggle('imgsim-bare', spec.panels.length === 1 && !spec.panels[0].title);
    const fresh = this.arrange(spec);
    const news = this.changed('color', [spec.color, spec.panels.map((panel) => panel.projection_key)]);
    await Promise.all([this.color(spec, news), ...fresh.map((panel) => panel.load())]);
    for (const panel of this.panels) {
      const coloring = this.colorings[this.panels.indexOf(panel)];
      if (fresh.includes(panel)) await panel.draw(coloring, this.legend.hidden);
      else if (news) await panel.repaint(coloring, this.legend.hidden);
    }
    this.tools.allowSelection(this.panels.some(({ plot }) => !plot.is3d));
    await this.resize();
    await this.point(spec);
    this.root.dataset.ready = String((Number(this.root.dataset.ready) || 0) + 1);
  }

  changed(name, value) {
    const text = JSON.stringify(value ?? null);
    const news = this.seen[name] !== text;
    this.seen[name] = text;
    return news;
  }

  /** Keep the panels that stay, in the new order; returns the new ones. */
  arrange({ panels, height }) {
    const old = [...this.panels];
    const fresh = [];
    this.panels = panels.map((spec) => {
      const at = old.findIndex((panel) => panel.key === spec.projection_key);
      const panel = at >= 0 ? old.splice(at, 1)[0] : new Panel(this, spec);
      if (at < 0) fresh.push(panel); else panel.describe(spec);
      return panel;
    });
    old.forEach((panel) => panel.destroy());
    if (fresh.length || old.length) this.field.replaceChildren(...this.panels.map((panel) => panel.root));
    this.field.dataset.count = String(panels.length);
    this.panels.forEach((panel) => panel.setHeight(height));
    return fresh;
  }

  async color({ color, panels }, news) {
    if (!news) return;
    if (color?.kind === 'distortion') {
      const values = await Promise.all(panels.map((panel) => this.source.distortion(panel.projection_key)));
      const [low, high] = [Math.min(...values.map((v) => v.low)), Math.max(...values.map((v) => v.high))];
      this.colorings = values.map((v) => numberColoring(color.title ?? 'distortion', { ...v, low, high }, 'distortion'));
    } else this.colorings = panels.map(() => null).fill(await this.fieldColoring(color));
    this.legend.show(this.colorings[0]);
  }

  async fieldColoring(color) {
    if (!color?.field) return plainColoring();
    const field = await this.source.field(color.field);
    return (field.kind === 'category' ? categoryColoring : numberColoring)(color.title ?? color.field, field);
  }

  /** Focus, neighbours, selection and landmarks as Python says. */
  async point({ focus, neighbors = [], lost = [], guests = [], selected, landmarks }) {
    Object.assign(this.state, { focus: focus ?? null, neighbors, lost, guests });
    this.root.dataset.guests = JSON.stringify(guests.map((path) => path.at(-1) ?? null));
    await this.locate([focus, ...neighbors, ...lost].filter((row) => row !== null && row !== undefined));
    const news = this.changed('selected', selected);
    if ((news || this.counting) && selected !== null && selected !== undefined) this.showSelected(selected);
    this.panels.forEach((panel) => this.moved(panel, landmarks));
    this.overlays();
  }

  /** Of a sample, have the places of some rows, also when they are not drawn now or later. */
  async locate(rows) {
    await Promise.all(this.panels.filter(({ plot }) => plot.points.rows).map(async ({ plot, key }) => {
      for (const row of rows) { const place = plot.position(row); if (place) plot.extra.set(row, place); }
      const unknown = rows.filter((row) => !plot.extra.has(row));
      if (!unknown.length) return;
      const { x, y, z } = await this.source.points(key, { rows: unknown.join(',') });
      unknown.forEach((row, i) => plot.extra.set(row, z ? [x[i], y[i], z[i]] : [x[i], y[i]]));
    }));
  }

  overlays() { this.panels.forEach((panel) => panel.overlay()); }

  async resize() { await Promise.all(this.panels.map((panel) => panel.resize())); this.overlays(); }

  /** The view of a panel has changed, or what is drawn: choose its landmarks anew. */
  moved(panel, wanted = this.spec?.landmarks) {
    clearTimeout(panel.choosing);
    panel.choosing = setTimeout(() => {
      const rows = panel.plot?.drawn && (wanted || panel.sample) ? chooseLandmarks(panel.plot, wanted, panel.sample !== null) : [];
      const kept = new Map((this.state.landmarks[panel.number] ?? []).map((mark) => [mark.row, mark]));
      this.state.landmarks[panel.number] = rows.map((row) => kept.get(row) ?? this.landmark(row, panel));
      panel.root.dataset.landmarks = rows.length;
      panel.overlay();
    }, 120);
  }

  landmark(row, panel) {
    const { codes, palette } = panel.plot.coloring;
    const image = new Image();
    image.onload = () => panel.overlay();
    image.src = this.source.thumb(row);
    return { row, image, color: codes === null ? palette[0] : palette[codes[row]] };
  }

  hide(hidden) {
    clearTimeout(this.hiding);
    this.hiding = setTimeout(() => {
      this.queue = this.queue.then(async () => {
        for (const [i, panel] of this.panels.entries()) await panel.repaint(this.colorings[i], new Set(hidden));
        this.overlays();
        this.root.dataset.hidden = String(hidden.size);
      }).catch((error) => this.fail(error));
    }, REPAINT);
  }

  setTool(tool) {
    this.tool = tool;
    if (tool !== 'pan') this.strokeTool = tool;
    this.field.dataset.tool = tool;
    this.showTools();
  }

  showTools() {
    const selected = this.state.selected ? this.state.selected.reduce((sum, one) => sum + one, 0) : 0;
    this.tools.show(this.tool, selected, this.counting);
  }

  hover(row, panel, aloud = false) {
    if (row === this.state.hover) return;
    this.state.hover = row;
    this.overlays();
    clearTimeout(this.resting);
    if (row === null) this.card.hide();
    else {
      if (this.spec?.graph) this.resting = setTimeout(() => this.fetchAhead(row), REST);
      this.card.show(row, this.placeOf(row, panel), this.labelOf(row, panel));
      if (aloud) this.announce(row, panel);
    }
  }

  /** Have the pictures of the nearest in the browser's cache, so that a click has only to show them. */
  async fetchAhead(row) {
    const near = await this.source.near(this.spec.graph, row).catch(() => []);
    for (const each of near.slice(0, AHEAD)) new Image().src = this.source.thumb(each);
  }

  placeOf(row, panel) {
    const view = panel.plot.view();
    view.place(...panel.plot.position(row));
    const [frame, base] = [panel.body.getBoundingClientRect(), this.root.getBoundingClientRect()];
    return [view.px + frame.left - base.left, view.py + frame.top - base.top];
  }

  labelOf(row, panel) {
    const { labelOf, title } = panel.plot.coloring;
    return labelOf ? `${title}: ${labelOf(row)}` : '';
  }

  async announce(row, panel) {
    const { id } = await this.source.record(row);
    if (this.state.hover === row) this.live.textContent = [id, this.labelOf(row, panel)].filter(Boolean).join(', ');
  }

  click(row, panel) {
    if (row === null) this.clearSelection();
    this.emit('click', { row, panel: panel.number });
    if (row === null) { Object.assign(this.state, { focus: null, neighbors: [], lost: [] }); this.overlays(); }
    else { Object.assign(this.state, { focus: row, neighbors: row === this.state.focus ? this.state.neighbors : [], lost: [] }); this.overlays(); }
  }

  /** Tell those who do not see the map. */
  say(text) { this.live.textContent = text; }

  /** A stroke is done: show at once what it selects among the drawn points, and tell Python its line. */
  select(panel, kind, mode, path) {
    const { plot } = panel;
    const { unplace } = plot.view();
    const line = path.map(([px, py]) => unplace(px, py));
    const corners = kind === 'box' ? [line[0], line.at(-1)] : line;
    const stroke = { panel: panel.number, kind, mode, x: corners.map(([x]) => x), y: corners.map(([, y]) => y) };
    stroke.hidden = plot.coloring.expand ? plot.coloring.expand(this.legend.hidden) : [];
    this.strokes = mode === 'replace' ? [stroke] : [...this.strokes, stroke];
    this.mark(plot, stroke);
    this.counting = panel.sample !== null; // more lie within the line than are drawn: Python counts them
    this.emit('selection', this.strokes);
    this.overlays();
    this.showTools();
  }

  mark(plot, stroke) {
    const { x, y, n } = plot.points;
    const inside = insideStroke(stroke);
    const selected = stroke.mode === 'replace' || !this.state.selected ? new Uint8Array(n) : this.state.selected;
    const value = stroke.mode === 'remove' ? 0 : 1;
    for (let i = 0; i < plot.count; i++) {
      const row = plot.row(i);
      if (inside(x[i], y[i]) && !plot.isHidden(row)) selected[row] = value;
    }
    this.state.selected = selected.includes(1) ? selected : null;
  }

  showSelected(bits) {
    const bytes = Uint8Array.from(atob(bits), (c) => c.charCodeAt(0));
    const selected = new Uint8Array(this.panels[0].plot.points.n);
    for (let row = 0; row < selected.length; row++) selected[row] = (bytes[row >> 3] >> (row & 7)) & 1;
    this.state.selected = selected.includes(1) ? selected : null;
    this.strokes = []; // Python knows what lies under the next one
    this.counting = false;
    this.showTools();
  }

  clearSelection() {
    const any = this.state.selected !== null;
    Object.assign(this, { strokes: [] });
    this.state.selected = null;
    this.counting = false;
    if (any) this.emit('selection', []);
    this.overlays();
    this.showTools();
  }

  fail(error) {
    console.error(error);
    this.panels.filter((panel) => !panel.plot?.drawn).forEach((panel) => panel.fail(error));
  }

  destroy() {
    this.gone = true;
    this.resizer.disconnect();
    this.unwatch();
    this.panels.forEach((panel) => panel.destroy());
    this.root.replaceChildren();
  }
}
