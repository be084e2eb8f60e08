// The map as a Streamlit component: one grid of panels for each element, told again whenever Python runs.

import { Grid } from './map/grid.js';
import { HttpSource, loadPlotly } from './map/http.js';

const grids = new WeakMap();

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  loadPlotly();
  const view = JSON.parse(data.told);
  const root = parentElement.querySelector('.imgsim-map');
  let entry = grids.get(root);
  if (!entry || entry.collection !== view.collection) {
    entry?.grid.destroy();
    entry = { collection: view.collection, tell: {} };
    const emit = (event, value) => entry.tell[event](value);
    entry.grid = new Grid(root, new HttpSource(view.collection), loadPlotly, emit);
    grids.set(root, entry);
  }
  entry.tell = { click: (value) => setTriggerValue('click', value), selection: (value) => setStateValue('selection', value) };
  entry.grid.update(view);
  return () => { entry.grid.destroy(); grids.delete(root); };
}
