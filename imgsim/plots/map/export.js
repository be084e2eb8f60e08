// Pictures of a map, made by plotly in the browser: PNG at twice the size, SVG with true circles while there are few.

import { format } from './colors.js';
import { element } from './elements.js';

const MOST_CIRCLES = 5000;
const [WIDTH, HEIGHT] = [1200, 800];

/** The two quiet buttons of a panel. */
export function downloads(panel) {
  const button = (format) => {
    const made = element('button', 'imgsim-download', { text: format.toUpperCase(), attributes: { type: 'button', title: `Save this map as ${format.toUpperCase()}` } });
    made.addEventListener('click', () => save(panel, format));
    return made;
  };
  return element('span', 'imgsim-downloads', { children: [button('png'), button('svg')] });
}

async function save(panel, format) {
  if (!panel.plot?.drawn) return;
  const url = await panel.plot.Plotly.toImage(figure(panel, format), { format, width: WIDTH, height: HEIGHT, scale: format === 'png' ? 2 : 1 });
  const name = (panel.title.textContent || 'map').replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase();
  element('a', '', { attributes: { href: url, download: `${name}.${format}` } }).click();
}

function figure({ plot, title, badge, drawn, grid }, format) {
  const { theme } = grid;
  const circles = format === 'svg' && plot.count <= MOST_CIRCLES;
  const current = plot.div._fullLayout;
  const layout = {
    title: { text: escaped(title.textContent), subtitle: { text: escaped([badge.textContent, drawn.textContent].filter(Boolean).join(' · ')) }, font: { size: 18 } },
    font: { color: theme.text, family: 'sans-serif' }, paper_bgcolor: theme.background, plot_bgcolor: theme.background,
    margin: { l: 24, r: 24, t: 72, b: 24 }, showlegend: plot.coloring.kind === 'category', legend: { itemsizing: 'constant' },
  };
  const hidden = { visible: false };
  if (plot.is3d) layout.scene = { ...plot.layout3d().scene, camera: current.scene._scene.getCamera() };
  else Object.assign(layout, { xaxis: { ...hidden, range: current.xaxis.range }, yaxis: { ...hidden, range: current.yaxis.range, scaleanchor: 'x' } });
  return { data: traces(plot, circles), layout, config: { showSendToCloud: false, displaylogo: false } };
}

function traces(plot, circles) {
  const trace = plot.trace();
  const type = circles && !plot.is3d ? 'scatter' : trace.type;
  if (plot.coloring.kind !== 'category') return [{ ...trace, type, marker: { ...trace.marker, ...scale(plot.coloring) } }];
  const shown = plot.coloring.entries.filter(({ code }) => !plot.hidden.has(code));
  return shown.map(({ code, color, label }) => {
    const members = [];
    for (let i = 0; i < plot.count; i++) if (plot.coloring.codes[plot.row(i)] === code) members.push(i);
    const pick = (column) => members.map((i) => column[i]);
    const { x, y, z } = plot.points;
    const { size, opacity } = trace.marker;
    return { type, mode: 'markers', name: escaped(label), x: pick(x), y: pick(y), ...(z ? { z: pick(z) } : {}), marker: { size, opacity, color } };
  });
}

function scale({ kind, title, codes, palette, low, high }) {
  if (kind === 'plain') return {};
  const unknown = palette.length - 1;
  const [tickvals, ticktext] = [[0, unknown - 1, unknown], [format(low), format(high), 'unknown']];
  const known = codes.includes(unknown) ? palette : palette.slice(0, -1); // no grey end where nothing is grey
  const marker = { cmax: known.length - 1, colorscale: known.map((color, i) => [i / (known.length - 1), color]) };
  return { ...marker, showscale: true, colorbar: { title: { text: escaped(title ?? '') }, tickvals: tickvals.slice(0, known.length - unknown + 2), ticktext, thickness: 12 } };
}

/** Plotly reads a little HTML in its texts: names must stay names. */
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
