// The card over a point: thumbnail, id, label. It appears with its picture, never before, so it cannot flicker or lie.

import { element } from './elements.js';

const DWELL = 70; // ms between the ring and the card
const LEAVE = 120; // ms before the card goes
const GAP = 14;
const MOST = 40; // characters of an id, two lines

export class Card {
  constructor(root, source) {
    this.image = element('img', '', { attributes: { alt: '', width: 128, height: 128 } });
    this.name = element('div', 'imgsim-card-name');
    this.label = element('div', 'imgsim-card-label');
    this.root = element('div', 'imgsim-card', { children: [this.image, this.name, this.label], attributes: { 'aria-hidden': 'true' } });
    this.root.hidden = true;
    root.append(this.root);
    Object.assign(this, { host: root, source, row: null, turn: 0, timer: 0 });
  }

  /** Show the card of a row over a place of the host (pixels), `label` below the id. */
  show(row, place, label) {
    if (row === this.row) { if (!this.root.hidden) this.move(place); return; }
    this.row = row;
    const turn = ++this.turn;
    clearTimeout(this.timer);
    const ready = load(this.source.thumb(row));
    const record = this.source.record(row).catch(() => ({ id: '' }));
    this.timer = setTimeout(async () => {
      const [picture, { id }] = await Promise.all([ready, record]);
      if (turn !== this.turn) return;
      this.image.src = picture ?? EMPTY;
      this.root.dataset.row = row;
      this.name.textContent = id.length > MOST ? `…${id.slice(1 - MOST)}` : id; // the end says most
      this.label.textContent = label ?? '';
      this.root.hidden = false;
      this.move(place);
    }, this.root.hidden ? DWELL : DWELL / 3);
  }

  hide(now = false) {
    if (this.row === null) return;
    this.row = null;
    const turn = ++this.turn;
    clearTimeout(this.timer);
    const gone = () => { if (turn === this.turn) this.root.hidden = true; };
    if (now) gone(); else this.timer = setTimeout(gone, LEAVE);
  }

  move([x, y]) {
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const top = y - height - GAP >= 0 ? y - height - GAP : y + GAP;
    const left = Math.max(4, Math.min(x - width / 2, this.host.clientWidth - width - 4));
    this.root.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

const EMPTY = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

function load(url) {
  const image = new Image();
  image.src = url;
  return image.decode().then(() => url, () => null);
}
