// The map as a Streamlit component: one grid of panels for each element, told again whenever Python runs.

import { Grid } from './map/grid.js';
import { HttpSource, loadPlotly } from './map/http.js';

const grids = new WeakMap();

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  loadPlotly();
  const root = parentElement.querySelector('.imgsim-map');
  let entry = grids.get(root);
  if (!entry || entry.collection !== data.collection) {
    entry?.grid.destroy();
    entry = { collection: data.collection, tell: {} };
    const emit = (event, value) => entry.tell[event](value);
    entry.grid = new Grid(root, new HttpSource(data.collection), loadPlotly, emit);
    grids.set(root, entry);
  }
  entry.tell = { click: (value) => setTriggerValue('click', value), selection: (value) => setStateValue('selection', value) };
  entry.grid.update(data);
  return () => { entry.grid.destroy(); grids.delete(root); };
}
