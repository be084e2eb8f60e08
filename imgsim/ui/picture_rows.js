// Rows of pictures, one above the other; the same image is marked in all of them. Names are text, never markup.

const make = (tag, className, text = '') => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

const MARKS = { hit: '✓', miss: '✗' };

// Beside the picture's button, since buttons do not nest.
function why(item, explain) {
  const button = make('button', 'imgsim-why', 'Why?');
  button.type = 'button';
  button.setAttribute('aria-label', `${item.id}: why is it similar?`);
  button.onclick = () => explain(item.explain);
  return button;
}

function card(item, pick, explain, point) {
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
  const cell = make('div', 'imgsim-rowcell');
  cell.append(button, ...(Object.keys(item.explain).length ? [why(item, explain)] : []));
  return cell;
}

function line(row, pick, explain, point) {
  const head = make('div', 'imgsim-rowhead');
  head.append(make('strong', '', row.title));
  if (row.note) head.append(make('span', 'imgsim-rownote', row.note));
  const strip = make('div', 'imgsim-rowstrip');
  strip.append(...row.items.map((item) => card(item, pick, explain, point)));
  const root = make('div', 'imgsim-row');
  root.append(head, strip);
  return root;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imgsim-rows');
  root.tell = setTriggerValue;
  if (root.dataset.content === data.told) return;
  const { rows, size } = JSON.parse(data.told);
  const pick = (row) => root.tell('pick', row);
  const explain = (parameters) => root.tell('explain', parameters);
  const point = (row) => root.querySelectorAll('.imgsim-rowpic').forEach((one) => {
    one.classList.toggle('imgsim-same', row !== null && Number(one.dataset.row) === row);
  });
  root.style.setProperty('--imgsim-size', `${size}px`);
  root.replaceChildren(...rows.map((row) => line(row, pick, explain, point)));
  root.dataset.content = data.told;
}
