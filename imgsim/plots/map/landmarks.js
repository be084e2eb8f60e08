// A few thumbnails on the map, where it is most crowded, none over another; all of them where few points are left.

export const SIDE = 52; // of a thumbnail in pixels
const MOST = 20;
const FEW = 60; // points of a sampled map in view that are shown as pictures unasked
const ROOM = 25000; // square pixels of the map for each, so that a small panel is not covered
const CELL = 34; // pixels
const APART = 64;
const CLOSE = 56; // the same where few are left

/** The rows to show for what is on screen now: [row, …], the most crowded places first; `asked` where few are left too. */
export function chooseLandmarks(plot, asked, fewToo) {
  const view = plot.view();
  if (!view || !plot.count) return [];
  const few = fewToo && isFew(plot, view);
  if (!asked && !few) return [];
  const most = few ? FEW : Math.min(MOST, Math.floor((plot.div.clientWidth * plot.div.clientHeight) / ROOM));
  const apart = few ? CLOSE : APART;
  const cells = [...gather(plot, view).values()].sort((a, b) => b.members.length - a.members.length || a.members[0].i - b.members[0].i);
  const chosen = [];
  for (const cell of cells) {
    if (chosen.length >= most) break;
    const middle = central(cell.members);
    if (chosen.every((other) => Math.abs(other.px - middle.px) >= apart || Math.abs(other.py - middle.py) >= apart)) chosen.push(middle);
  }
  return chosen.map(({ i }) => plot.row(i));
}

function isFew(plot, view) {
  const { x, y } = plot.points;
  const { x0, x1, y0, y1 } = view.range;
  let left = FEW;
  for (let i = 0; i < plot.count && left >= 0; i++) if (x[i] >= x0 && x[i] <= x1 && y[i] >= y0 && y[i] <= y1 && !plot.isHidden(plot.row(i))) left -= 1;
  return left >= 0;
}

/** The row of the picture that lies at a pixel, the topmost of several, or -1. */
export function pictureAt(marks, plot, px, py) {
  const view = plot.view();
  const over = ({ row, image }) => {
    const place = image.complete && image.naturalWidth && !plot.isHidden(row) && plot.position(row);
    if (!place) return false;
    view.place(...place);
    return Math.max(Math.abs(view.px - px), Math.abs(view.py - py)) <= SIDE / 2;
  };
  return marks.findLast(over)?.row ?? -1;
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
