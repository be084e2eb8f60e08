// A map of more points than are drawn: a fair sample, more of it where one zooms in, and how many of how many are there.

const REST = 180; // ms of a view at rest before its points are fetched
const MARGIN = 0.25; // of the view on each side is fetched too, so that one can move a little
const LARGER = 9; // times the view, within which what was fetched is not fetched anew
const number = (n) => n.toLocaleString('en');

export class Sample {
  /** Of a panel whose plot holds a sample: `density` is that of the whole map. */
  constructor(panel, density) {
    Object.assign(this, { panel, density, points: panel.plot.points, part: null, timer: 0, asking: new AbortController() });
  }

  /** The view has changed: look what lies in it once it rests; a question on its way is given up. */
  refine() {
    this.stop();
    this.timer = setTimeout(() => this.look(), REST);
  }

  stop() {
    clearTimeout(this.timer);
    this.asking.abort();
  }

  /** Fetch and draw the points in and round the view, but those of categories that are switched off. */
  async look() {
    const { plot, grid } = this.panel;
    const view = plot.view();
    if (!view) return;
    this.stop();
    const hide = hiding(plot);
    if (this.part?.hide !== hide || !this.part.complete || !suits(this.part.box, boxOf(view.range, 0))) {
      this.asking = new AbortController();
      const { signal } = this.asking;
      const part = await this.ask(boxOf(view.range, MARGIN), hide, signal).catch((error) => { if (!signal.aborted) grid.fail(error); });
      if (!part || signal.aborted || !plot.drawn) return;
      const points = part.points;
      this.part = part.whole ? null : part;
      if (plot.points !== points) await plot.repaint(plot.coloring, plot.hidden, points);
      this.panel.overlay();
    }
    this.panel.count();
    this.panel.root.dataset.looks = String((Number(this.panel.root.dataset.looks) || 0) + 1);
    grid.moved(this.panel);
  }

  /** What is drawn of a box: {points, box, hide, complete}, with the density of it where that is not all. */
  async ask(box, hide, signal) {
    const all = contains(box, this.density.box);
    if (all && !hide) return { points: this.points, whole: true };
    const { grid, key } = this.panel;
    const [x0, x1, y0, y1] = all ? this.density.box : box;
    const query = { x0, x1, y0, y1, ...(hide ? { hide, field: grid.spec.color.field } : {}) };
    const points = await grid.source.points(key, { ...query, cap: grid.cap }, signal);
    const complete = points.x.length === points.total;
    const shade = complete ? {} : await grid.source.density(key, query, signal);
    return { points, hide, complete, box: [x0, x1, y0, y1], density: shade.density };
  }

  /** `100,000 of 1,000,000 drawn`. */
  get text() {
    const { plot } = this.panel;
    const [drawn, total] = [plot.shown()?.length ?? plot.count, plot.points.total];
    if (!this.part) return `${number(drawn)} of ${number(total)} drawn`;
    return this.part.complete ? `all ${number(total)} here drawn` : `${number(drawn)} of ${number(total)} here drawn`;
  }
}

/** What hovering the text shows. */
export const ABOUT = 'A fair sample: crowded places are thinned, rare ones kept; the shade shows how many there are. '
  + 'Zoom in for more. A selection takes all that lie within the line, drawn or not.';

const contains = ([a0, a1, b0, b1], [x0, x1, y0, y1]) => a0 <= x0 && a1 >= x1 && b0 <= y0 && b1 >= y1;

/** Whether what lies in a box will do for a view: it holds all of it, and is not much larger. */
const suits = (box, view) => contains(box, view) && area(box) <= LARGER * area(view);
const area = ([x0, x1, y0, y1]) => (x1 - x0) * (y1 - y0);

function boxOf({ x0, x1, y0, y1 }, margin) {
  const [dx, dy] = [(x1 - x0) * margin, (y1 - y0) * margin];
  return [x0 - dx, x1 + dx, y0 - dy, y1 + dy];
}

/** The codes of the categories that are off, as `3,7,20-512`. */
function hiding({ coloring, hidden }) {
  if (!coloring.expand || !hidden.size) return '';
  const runs = [];
  for (const code of coloring.expand(hidden).sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === code - 1) last[1] = code; else runs.push([code, code]);
  }
  return runs.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',');
}
