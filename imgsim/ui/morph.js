// One map becomes the other: points on a canvas, two buttons and a slider between them. Names are text, never markup.

const MILLISECONDS = 1600;
const PAD = 14;
const SIZE = 3;
const TRAIL = '#8a8f98';
const morphs = new WeakMap();

const make = (tag, attributes = {}, text = '') => {
  const node = document.createElement(tag);
  node.textContent = text;
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  return node;
};

const eased = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

class Morph {
  constructor(root) {
    this.root = root;
    this.at = 0; // 0 on the first map, 1 on the other
    this.canvas = make('canvas', { role: 'img' });
    this.slider = make('input', { type: 'range', min: 0, max: 100, step: 1, value: 0 });
    this.buttons = [make('button', { type: 'button' }), make('button', { type: 'button' })];
    this.title = make('p', { class: 'imgsim-morph-title' });
    const keys = make('div', { class: 'imgsim-morph-keys', role: 'group', 'aria-label': 'From one map to the other' });
    keys.append(this.buttons[0], this.slider, this.buttons[1]);
    root.replaceChildren(this.title, keys, this.canvas);
    this.slider.oninput = () => { cancelAnimationFrame(this.frame); this.go(this.slider.value / 100); };
    this.buttons.forEach((button, end) => { button.onclick = () => this.play(end); });
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.canvas);
  }

  show(view) {
    this.view = view;
    const [first, second] = view.names;
    const points = view.start.length.toLocaleString('en');
    this.title.textContent = view.title;
    this.buttons.forEach((button, end) => { button.textContent = `To ${view.names[end]}`; });
    this.slider.setAttribute('aria-label', `Way from ${first} to ${second}`);
    this.canvas.setAttribute('aria-label', `${view.title} ${points} points go from ${first} to ${second}; lines are the `
      + `way of the ${view.trails.length} that move most beyond what their neighbours do.`);
    const all = [...view.start, ...view.end];
    const ends = [0, 1].map((axis) => all.map((point) => point[axis]));
    this.box = ends.map((values) => [Math.min(...values), Math.max(...values)]);
    cancelAnimationFrame(this.frame);
    this.go(0);
  }

  play(end) {
    cancelAnimationFrame(this.frame);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const from = this.at;
    const began = performance.now();
    const step = (now) => {
      const t = still ? 1 : Math.min((now - began) / MILLISECONDS, 1);
      this.go(from + (end - from) * eased(Math.max(t, 0)));
      if (t < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  go(at) {
    this.at = at;
    this.slider.value = Math.round(at * 100);
    this.slider.setAttribute('aria-valuetext', `${this.slider.value} % of the way to ${this.view.names[1]}`);
    this.root.dataset.at = this.slider.value;
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.view || !width) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext('2d');
    pen.scale(ratio, ratio);
    const [[x0, x1], [y0, y1]] = this.box;
    const scale = Math.min((width - 2 * PAD) / (x1 - x0 || 1), (height - 2 * PAD) / (y1 - y0 || 1));
    const place = ([x, y]) => [width / 2 + (x - (x0 + x1) / 2) * scale, height / 2 - (y - (y0 + y1) / 2) * scale];
    const { start, end, colors, palette, trails } = this.view;
    pen.strokeStyle = TRAIL;
    pen.lineWidth = 1.5;
    pen.beginPath();
    trails.forEach((row) => { pen.moveTo(...place(start[row])); pen.lineTo(...place(end[row])); });
    pen.stroke();
    start.forEach(([x, y], row) => {
      const [left, top] = place([x + (end[row][0] - x) * this.at, y + (end[row][1] - y) * this.at]);
      pen.fillStyle = palette[colors[row]];
      pen.beginPath();
      pen.arc(left, top, SIZE, 0, 2 * Math.PI);
      pen.fill();
    });
  }

  leave() {
    cancelAnimationFrame(this.frame);
    this.watch.disconnect();
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.imgsim-morph');
  if (!morphs.has(root)) morphs.set(root, new Morph(root));
  const morph = morphs.get(root);
  if (morph.told !== data.told) {
    morph.told = data.told;
    morph.show(JSON.parse(data.told));
  }
  return () => { morph.leave(); morphs.delete(root); };
}
