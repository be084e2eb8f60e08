// The legend: categories to switch off and on, or the scale of a number.

import { format } from './colors.js';
import { element } from './elements.js';

export class Legend {
  /** `changed(hidden)` is called with the set of hidden codes. */
  constructor(changed) {
    this.root = element('aside', 'imgsim-legend', { attributes: { 'aria-label': 'Legend' } });
    Object.assign(this, { changed, hidden: new Set(), entries: [] });
  }

  show(coloring) {
    Object.assign(this, { hidden: new Set(), entries: coloring.entries });
    this.root.replaceChildren();
    this.root.hidden = coloring.kind === 'plain';
    this.root.setAttribute('aria-label', coloring.title ? `Legend: ${coloring.title}` : 'Legend');
    if (coloring.title) this.root.append(element('div', 'imgsim-legend-title', { text: coloring.title }));
    if (coloring.kind === 'category') this.root.append(this.list());
    else if (coloring.kind !== 'plain') this.root.append(scale(coloring));
    this.refresh();
  }

  list() {
    this.buttons = this.entries.map((entry) => this.button(entry));
    return element('div', 'imgsim-legend-list', { children: this.buttons });
  }

  button({ code, color, label, count }) {
    const swatch = element('span', 'imgsim-swatch');
    swatch.style.setProperty('--swatch', color);
    const children = [swatch, element('span', 'imgsim-label', { text: label }), element('span', 'imgsim-count', { text: format(count) })];
    const made = element('button', 'imgsim-entry', { children, attributes: { type: 'button', title: `${label} (click: hide or show; double click, or Shift and Enter: only this one)` } });
    made.addEventListener('click', (event) => (event.detail === 2 || event.shiftKey ? this.isolate(code, event.detail !== 2) : this.toggle(code)));
    return made;
  }

  toggle(code) {
    this.before = new Set(this.hidden);
    if (!this.hidden.delete(code)) this.hidden.add(code);
    this.report();
  }

  /** Only this category; all of them when it is the only one already. `now`: no click has toggled it before. */
  isolate(code, now = false) {
    if (now) this.before = new Set(this.hidden);
    const alone = this.before && !this.before.has(code) && this.before.size === this.entries.length - 1;
    this.hidden = new Set(alone ? [] : this.entries.map((entry) => entry.code).filter((other) => other !== code));
    this.report();
  }

  report() {
    this.refresh();
    this.changed(this.hidden);
  }

  refresh() {
    this.entries.forEach(({ code }, i) => this.buttons[i].setAttribute('aria-pressed', String(!this.hidden.has(code))));
  }
}

function scale({ stops, low, high }) {
  const bar = element('div', 'imgsim-scale-bar');
  bar.style.setProperty('--stops', stops.join(','));
  const ends = [high, (low + high) / 2, low].map((value) => element('span', '', { text: format(value) }));
  return element('div', 'imgsim-scale', { children: [bar, element('div', 'imgsim-scale-ends', { children: ends })] });
}
