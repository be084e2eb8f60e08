// The map in a file of its own: everything it shows lies in the page (imgsim/plots/standalone.py).

import { element } from './elements.js';
import { Grid } from './grid.js';
import { unpack } from './wire.js';

const NOTHING = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

/** A source that reads from the page; answers are promises like those of the app. */
export class EmbeddedSource {
  constructor({ panels, fields, ids, thumbnails }) { Object.assign(this, { panels, fields, ids, thumbnails }); }

  async points(key) { return unpack(bytes(this.panels[key].points)); }
  async density() { return null; }
  async field(name) { return unpack(bytes(this.fields[name])); }
  async record(row) { return { id: this.ids[row] }; }
  thumb(row) { return this.thumbnails[row] ? `data:image/webp;base64,${this.thumbnails[row]}` : NOTHING; }
}

/** Draw the map of a page's data into an element, with a choice of what colours it. */
export async function start(root, data) {
  const state = { focus: null };
  const panels = data.panels.map(({ title, badge }, i) => ({ title, badge, projection_key: String(i) }));
  const spec = () => ({ panels, height: height(panels.length), focus: state.focus, cap: Infinity, color: state.color ? { field: state.color } : null });
  const grid = new Grid(root, new EmbeddedSource(data), async () => window.Plotly, (event, { row }) => {
    if (event === 'click') { state.focus = row; grid.update(spec()); }
  });
  state.color = data.color;
  const names = Object.keys(data.fields);
  if (names.length) {
    const options = names.map((name) => element('option', '', { text: name, attributes: { value: name } }));
    const choice = element('select', 'imgsim-choice', { children: options, attributes: { 'aria-label': 'Colour by' } });
    choice.value = data.color;
    choice.addEventListener('change', () => { state.color = choice.value; grid.update(spec()); });
    grid.tools.root.append(choice);
  }
  await grid.update(spec());
}

const height = (panels) => Math.max(360, panels > 2 ? window.innerHeight / 2 - 120 : window.innerHeight - 170);

function bytes(text) { return Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer; }
