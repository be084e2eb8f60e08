// Rows of pictures, one above the other; the same image is marked in all of them. Names are text, never markup.

const make = (tag, className, text = '') => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

const MARKS = { hit: '✓', miss: '✗' };

function card(item, pick, point) {
  const button = make('button', `imgsim-rowpic ${item.mark ? `imgsim-${item.mark}` : ''}`);
  button.type = 'button';
  button.title = [item.id, item.about].filter(Boolean).join('\n');
  button.setAttribute('aria-label', [item.id, item.said].filter(Boolean).join(', '));
  button.dataset.row = item.row;
  const image = make('img', '');
  Object.assign(image, { src: new URL(item.src, document.baseURI).href, alt: item.id, loading: 'lazy' });
  const frame = make('span', 'imgsim-rowframe');
  frame.append(image);
  if (MARKS[item.mark]) frame.append(make('span', 'imgsim-mark', MARKS[item.mark]));
  if (item.tag) frame.append(make('span', 'imgsim-tag', item.tag));
  button.append(frame);
  button.onclick = () => pick(item.row);
  button.onpointerenter = () => point(item.row);
  button.onfocus = () => point(item.row);
  button.onpointerleave = () => point(null);
  button.onblur = () => point(null);
  return button;
}

function line(row, pick, point) {
  const head = make('div', 'imgsim-rowhead');
  head.append(make('strong', '', row.title));
  if (row.note) head.append(make('span', 'imgsim-rownote', row.note));
  const strip = make('div', 'imgsim-rowstrip');
  strip.append(...row.items.map((item) => card(item, pick, point)));
  const root = make('div', 'imgsim-row');
  root.append(head, strip);
  return root;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imgsim-rows');
  const content = JSON.stringify(data);
  root.pick = (row) => setTriggerValue('pick', row);
  if (root.dataset.content === content) return;
  const point = (row) => root.querySelectorAll('.imgsim-rowpic').forEach((one) => {
    one.classList.toggle('imgsim-same', row !== null && Number(one.dataset.row) === row);
  });
  root.style.setProperty('--imgsim-size', `${data.size}px`);
  root.replaceChildren(...data.rows.map((row) => line(row, (picked) => root.pick(picked), point)));
  root.dataset.content = content;
}
