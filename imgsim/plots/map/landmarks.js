// A few thumbnails on the map, where it is most crowded, none over another.

const MOST = 20;
const ROOM = 25000; // square pixels of the map for each, so that a small panel is not covered
const CELL = 34; // pixels
const APART = 64;

/** The rows to show for what is on screen now: [row, …], the most crowded places first. */
export function chooseLandmarks(plot) {
  const view = plot.view();
  if (!view || !plot.count) return [];
  const most = Math.min(MOST, Math.floor((plot.div.clientWidth * plot.div.clientHeight) / ROOM));
  const cells = [...gather(plot, view).values()].sort((a, b) => b.members.length - a.members.length || a.members[0].i - b.members[0].i);
  const chosen = [];
  for (const cell of cells) {
    if (chosen.length >= most) break;
    const middle = central(cell.members);
    if (chosen.every((other) => Math.abs(other.px - middle.px) >= APART || Math.abs(other.py - middle.py) >= APART)) chosen.push(middle);
  }
  return chosen.map(({ i }) => plot.row(i));
}

function gather(plot, view) {
  const { x, y, z } = plot.points;
  const { clientWidth: width, clientHeight: height } = plot.div;
  const cells = new Map();
  for (let i = 0; i < plot.count; i++) {
    view.place(x[i], y[i], z ? z[i] : 0);
    const { px, py } = view;
    if (px < 28 || py < 28 || px > width - 28 || py > height - 28 || plot.isHidden(plot.row(i))) continue;
    const key = Math.floor(py / CELL) * 4096 + Math.floor(px / CELL);
    if (!cells.has(key)) cells.set(key, { members: [] });
    cells.get(key).members.push({ i, px, py });
  }
  return cells;
}

/** The member nearest to the middle of all. */
function central(members) {
  const x = members.reduce((sum, m) => sum + m.px, 0) / members.length;
  const y = members.reduce((sum, m) => sum + m.py, 0) / members.length;
  return members.reduce((best, m) => ((m.px - x) ** 2 + (m.py - y) ** 2 < (best.px - x) ** 2 + (best.py - y) ** 2 ? m : best));
}
