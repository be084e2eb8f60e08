// The picture that is searched with: a box drawn on it is the region; a picture pasted or dropped anywhere replaces it.

const LARGEST = 30e6; // bytes
const STEP = 0.02; // of a side for an arrow key
const SMALLEST = 0.02;
const ANSWER = 5000; // ms until a region that Python has not taken up is told again
const TRIES = 3;
const CENTRE = [0.25, 0.25, 0.5, 0.5];

const make = (tag, className, text = '') => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The box that stays inside the picture. */
const inside = ([x, y, w, h]) => {
  const width = clamp(w, SMALLEST, 1);
  const height = clamp(h, SMALLEST, 1);
  return [clamp(x, 0, 1 - width), clamp(y, 0, 1 - height), width, height];
};

const alike = (a, b) => (a && b ? a.every((value, i) => Math.abs(value - b[i]) < 1e-3) : !a && !b);

const between = ([ax, ay], [bx, by]) => inside([Math.min(ax, bx), Math.min(ay, by), Math.abs(ax - bx), Math.abs(ay - by)]);

class QueryPicture {
  constructor(root) {
    this.root = root;
    this.frame = make('div', 'imgsim-query-frame');
    this.image = make('img', '');
    this.box = make('div', 'imgsim-query-box');
    this.box.tabIndex = 0;
    this.box.setAttribute('role', 'group');
    this.handles = ['nw', 'ne', 'sw', 'se'].map((corner) => {
      const handle = make('i', `imgsim-query-${corner}`);
      handle.dataset.corner = corner;
      return handle;
    });
    this.box.append(...this.handles);
    this.frame.append(this.image, this.box);
    this.hint = make('p', 'imgsim-query-hint');
    this.drop = make('div', 'imgsim-query-drop', 'Drop the picture to search with it');
    root.replaceChildren(this.frame, this.hint);
    this.frame.onpointerdown = (event) => this.grab(event);
    this.box.onkeydown = (event) => this.key(event);
    this.frame.onkeydown = (event) => this.begin(event);
    this.listeners = [
      ['paste', (event) => this.take(event, event.clipboardData)],
      ['dragover', (event) => this.over(event)],
      ['dragleave', (event) => { if (!event.relatedTarget) this.drop.remove(); }],
      ['drop', (event) => { this.drop.remove(); if (!elsewhere(event)) this.take(event, event.dataTransfer); }],
    ];
    for (const [name, listen] of this.listeners) document.addEventListener(name, listen);
  }

  update(told, tell) {
    this.tell = tell;
    const data = JSON.parse(told);
    if (this.said && this.name === data.name && alike(this.said.box, data.region)) this.settle();
    if (this.told === told) return;
    this.told = told;
    const same = this.name === data.name && this.source === data.src;
    [this.name, this.source] = [data.name, data.src];
    if (!same) this.settle();
    if (!this.busy) this.region = data.region; // else the person is ahead of what Python knows
    this.frame.hidden = !data.src;
    this.hint.textContent = data.src ? '' : 'Paste a picture, drop one anywhere on this page, or choose one below.';
    if (data.src) {
      const src = new URL(data.src, document.baseURI).href;
      if (this.image.src !== src) this.image.src = src;
      this.image.alt = data.name;
      this.image.draggable = false;
    }
    this.frame.tabIndex = this.region ? -1 : 0;
    this.frame.setAttribute('aria-label', `${data.name}: drag to draw a region, or press Enter to start one`);
    this.show();
  }

  show() {
    this.box.hidden = !this.region;
    if (!this.region) return;
    const [x, y, w, h] = this.region.map((value) => `${100 * value}%`);
    Object.assign(this.box.style, { left: x, top: y, width: w, height: h });
    const said = this.region.map((value) => Math.round(100 * value));
    this.box.setAttribute(
      'aria-label',
      `Region from ${said[0]} % across and ${said[1]} % down, ${said[2]} % wide and ${said[3]} % high. ` +
        'Arrow keys move it, Shift and arrow keys resize it, Delete removes it.',
    );
  }

  place(event) {
    const area = this.frame.getBoundingClientRect();
    return [clamp((event.clientX - area.left) / area.width, 0, 1), clamp((event.clientY - area.top) / area.height, 0, 1)];
  }

  grab(event) {
    if (event.button) return;
    event.preventDefault();
    const start = this.place(event);
    const before = this.region;
    const [x, y, w, h] = before ?? [0, 0, 0, 0];
    const corner = event.target.dataset.corner;
    const fixed = corner && [corner.includes('w') ? x + w : x, corner.includes('n') ? y + h : y];
    const moving = !corner && event.target === this.box;
    let moved = false;
    this.frame.setPointerCapture(event.pointerId);
    this.frame.onpointermove = (step) => {
      const now = this.place(step);
      moved ||= Math.hypot(now[0] - start[0], now[1] - start[1]) > SMALLEST;
      if (!moved) return;
      this.busy = true;
      this.region = moving ? inside([x + now[0] - start[0], y + now[1] - start[1], w, h]) : between(fixed || start, now);
      this.show();
    };
    this.frame.onpointerup = this.frame.onpointercancel = () => {
      this.frame.onpointermove = this.frame.onpointerup = this.frame.onpointercancel = null;
      if (moved) this.say();
      else if (before) this.box.focus();
    };
  }

  begin(event) {
    if (event.target !== this.frame || (event.key !== 'Enter' && event.key !== ' ')) return;
    event.preventDefault();
    this.region = CENTRE;
    this.show();
    this.box.focus();
    this.say(400);
  }

  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace' || event.key === 'Escape') {
      this.region = null;
      this.show();
      this.frame.tabIndex = 0;
      this.frame.focus();
    } else if (way && this.region) {
      const [x, y, w, h] = this.region;
      const [dx, dy] = [way[0] * STEP, way[1] * STEP];
      this.region = inside(event.shiftKey ? [x, y, Math.min(w + dx, 1 - x), Math.min(h + dy, 1 - y)] : [x + dx, y + dy, w, h]);
      this.show();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.say(400);
  }

  /** Tell Python, a moment after the last of a row of keys; again, where it does not take that up. */
  say(wait = 0, tries = TRIES) {
    clearTimeout(this.timer);
    this.busy = true;
    this.said = null;
    this.timer = setTimeout(() => {
      const box = this.region && this.region.map((v) => Number(v.toFixed(4)));
      this.said = { box };
      this.tell('region', { box });
      this.timer = setTimeout(() => (tries > 1 ? this.say(0, tries - 1) : this.settle()), ANSWER);
    }, wait);
  }

  /** What Python knows is what the person did. */
  settle() {
    clearTimeout(this.timer);
    this.busy = false;
    this.said = null;
  }

  over(event) {
    if (!event.dataTransfer?.types.includes('Files') || elsewhere(event)) return;
    event.preventDefault();
    if (!this.drop.isConnected) this.root.append(this.drop);
  }

  take(event, transfer) {
    const file = [...(transfer?.files ?? [])].find((one) => one.type.startsWith('image/') || event.type === 'drop');
    if (!file) return;
    event.preventDefault();
    const name = file.name || 'the picture';
    if (file.size > LARGEST) {
      this.tell('brought', { name, data: '', problem: `must have at most 30 MB, got ${Math.ceil(file.size / 1e6)} MB` });
      return;
    }
    const reader = new FileReader();
    reader.onload = () => this.tell('brought', { name, data: String(reader.result).split(',')[1] ?? '', problem: '' });
    reader.readAsDataURL(file);
  }

  leave() {
    for (const [name, listen] of this.listeners) document.removeEventListener(name, listen);
    clearTimeout(this.timer);
    this.drop.remove();
  }
}

/** Whether a file is over a place of its own, such as an uploader. */
const elsewhere = (event) => Boolean(event.target.closest?.('[data-testid=stFileUploaderDropzone]'));

const known = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imgsim-query');
  if (!known.has(root)) known.set(root, new QueryPicture(root));
  known.get(root).update(data.told, setTriggerValue);
  return () => {
    known.get(root)?.leave();
    known.delete(root);
  };
}
