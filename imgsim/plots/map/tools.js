// The tool bar: what dragging does, and the zoom.

import { element, icon } from './elements.js';

const TOOLS = [
  ['pan', 'Move and zoom (P)', 'M8 1.5v13M1.5 8h13M8 1.5 6.2 3.3M8 1.5l1.8 1.8M8 14.5l-1.8-1.8M8 14.5l1.8-1.8M1.5 8l1.8-1.8M1.5 8l1.8 1.8M14.5 8l-1.8-1.8M14.5 8l-1.8 1.8'],
  ['lasso', 'Select with a lasso (L); Shift adds, Ctrl removes', 'M8 2.5c3.6 0 6.5 1.8 6.5 4.2S11.6 11 8 11c-.8 0-1.6-.1-2.3-.3M8 2.5c-3.6 0-6.5 1.8-6.5 4.2 0 1.4.9 2.6 2.4 3.3M5.7 10.7a1.3 1.3 0 1 1-1.8-.7 1.3 1.3 0 0 1 1.8.7zM5.3 12c0 1.1-.6 1.7-1.4 2'],
  ['box', 'Select with a box (B); Shift adds, Ctrl removes', 'M2.5 5V2.5H5M7 2.5h2M11 2.5h2.5V5M13.5 7v2M13.5 11v2.5H11M9 13.5H7M5 13.5H2.5V11M2.5 9V7'],
];
const VIEWS = [
  ['Zoom in (+)', 'M8 3v10M3 8h10', (plot) => plot.zoom(1.5)],
  ['Zoom out (-)', 'M3 8h10', (plot) => plot.zoom(1 / 1.5)],
  ['Show all (0)', 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10', (plot) => plot.reset()],
];

export class ToolBar {
  constructor(grid) {
    this.choices = new Map(TOOLS.map(([tool, title, path]) => [tool, button(title, path, () => grid.setTool(tool))]));
    const views = VIEWS.map(([title, path, act]) => button(title, path, () => grid.panels.forEach(({ plot }) => plot?.drawn && act(plot))));
    this.count = element('span', 'imgsim-selected', { attributes: { 'aria-live': 'polite' } });
    this.clear = element('button', 'imgsim-clear', { text: 'Clear', attributes: { type: 'button', title: 'Clear the selection (Escape)' } });
    this.clear.addEventListener('click', () => grid.clearSelection());
    const group = (label, children) => element('span', 'imgsim-group', { children, attributes: { role: 'group', 'aria-label': label } });
    this.root = element('div', 'imgsim-tools', {
      children: [group('Dragging', [...this.choices.values()]), group('View', views), this.count, this.clear],
      attributes: { role: 'toolbar', 'aria-label': 'Map tools' },
    });
    this.show('pan', 0);
  }

  show(tool, selected, counting = false) {
    for (const [name, made] of this.choices) made.setAttribute('aria-pressed', String(name === tool));
    this.count.textContent = counting ? 'Counting…' : selected ? `${selected.toLocaleString('en')} selected` : '';
    this.clear.hidden = !selected;
  }

  /** A lasso is a flat thing: it is off where all panels are 3D. */
  allowSelection(allowed) { for (const tool of ['lasso', 'box']) this.choices.get(tool).disabled = !allowed; }
}

function button(title, path, act) {
  const made = element('button', 'imgsim-tool', { children: [icon(path)], attributes: { type: 'button', title, 'aria-label': title } });
  made.addEventListener('click', act);
  return made;
}
