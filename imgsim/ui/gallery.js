// Pictures in a grid, each a button: a click or Enter tells Python which one. Names are text, never markup.

const make = (tag, className, text = '') => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

// A way to the page that explains a picture; beside the picture's button, since buttons do not nest.
const why = (item, explain) => {
  const button = make('button', 'imgsim-why', 'Why?');
  button.type = 'button';
  button.setAttribute('aria-label', `${item.id}: why is it similar?`);
  button.onclick = () => explain(item.explain);
  return button;
};

function card(item, size, verb, pick, explain) {
  const button = make('button', 'imgsim-picture');
  button.type = 'button';
  button.title = item.about ? `${item.id}\n${item.about}` : item.id;
  button.setAttribute('aria-label', verb ? `${item.id}: ${verb}` : item.id);
  button.dataset.row = item.row;
  const image = make('img', '');
  Object.assign(image, { src: new URL(item.src, document.baseURI).href, alt: item.id, loading: 'lazy', width: size, height: size });
  const frame = make('span', 'imgsim-frame');
  frame.append(image);
  if (verb) frame.append(make('span', 'imgsim-verb', verb));
  button.append(frame, ...item.lines.map((line, i) => make('span', i ? 'imgsim-note' : 'imgsim-name', line)));
  button.onclick = () => pick(item.row);
  const cell = make('div', 'imgsim-cell');
  cell.setAttribute('role', 'listitem');
  cell.append(button, ...(Object.keys(item.explain).length ? [why(item, explain)] : []));
  return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.imgsim-gallery');
  const content = JSON.stringify(data);
  grid.tell = setTriggerValue;
  if (grid.dataset.content === content) return;
  const pick = (row) => grid.tell('pick', row);
  const explain = (parameters) => grid.tell('explain', parameters);
  grid.style.setProperty('--imgsim-size', `${data.size}px`);
  grid.replaceChildren(...data.items.map((item) => card(item, data.size, data.verb, pick, explain)));
  grid.dataset.content = content;
}
