// Drawing a lasso or a box with the pointer, and which points lie inside.

const STEP = 3; // pixels between corners
const CLICK = 5; // pixels below which a stroke was a click

/** Follow a pointer that went down; `moved(path)` while it draws, `done(path)` at the end, null where it was a click. */
export function followStroke(host, event, moved, done) {
  const frame = host.getBoundingClientRect();
  const at = (e) => [e.clientX - frame.left, e.clientY - frame.top];
  const path = [at(event)];
  const move = (e) => { const p = at(e); if (distance(p, path.at(-1)) >= STEP) { path.push(p); moved(path); } };
  const end = (e) => {
    window.removeEventListener('pointermove', move, true);
    window.removeEventListener('pointerup', end, true);
    window.removeEventListener('pointercancel', end, true);
    const reach = Math.max(...path.map((p) => distance(p, path[0])));
    done(e.type === 'pointerup' && reach >= CLICK ? path : null);
  };
  window.addEventListener('pointermove', move, true);
  window.addEventListener('pointerup', end, true);
  window.addEventListener('pointercancel', end, true);
}

/** A function of (x, y) that says whether a place is inside a stroke (even-odd rule), all in one coordinate system. */
export function insideStroke({ kind, x, y }) {
  const [left, right, low, high] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  const inBox = (px, py) => px >= left && px <= right && py >= low && py <= high;
  return kind === 'box' ? inBox : (px, py) => inBox(px, py) && oddCrossings(x, y, px, py);
}

function oddCrossings(x, y, px, py) {
  let odd = false;
  for (let i = 0, j = x.length - 1; i < x.length; j = i++)
    if (y[i] <= py !== y[j] <= py && px < x[i] + ((py - y[i]) / (y[j] - y[i])) * (x[j] - x[i])) odd = !odd;
  return odd;
}

const distance = ([a, b], [c, d]) => Math.hypot(a - c, b - d);
