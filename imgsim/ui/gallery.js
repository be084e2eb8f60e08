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

// More like it and less like it: two buttons below a picture, pressed where the person has said so.
const votes = (item, tell) => {
  const pair = make('span', 'imgsim-votes');
  for (const [kind, sign] of [['like', '+'], ['dislike', '−']]) {
    const button = make('button', 'imgsim-vote', sign);
    button.type = 'button';
    button.title = kind === 'like' ? 'More like this' : 'Less like this';
    button.setAttribute('aria-label', `${item.id}: ${kind}`);
    button.setAttribute('aria-pressed', String(item.vote === kind));
    button.onclick = () => tell({ row: item.row, kind });
    pair.append(button);
  }
  return pair;
};

const AT_ONCE = 12; // pictures that need not wait until they are seen to be in sight

function card(item, place, size, verb, tell) {
  const button = make('button', 'imgsim-picture');
  button.type = 'button';
  button.title = item.about ? `${item.id}\n${item.about}` : item.id;
  button.setAttribute('aria-label', verb ? `${item.id}: ${verb}` : item.id);
  button.dataset.row = item.row;
  const image = make('img', '');
  Object.assign(image, { src: new URL(item.src, document.baseURI).href, alt: item.id, loading: place < AT_ONCE ? 'eager' : 'lazy', width: size, height: size });
  const frame = make('span', 'imgsim-frame');
  frame.append(image);
  if (verb) frame.append(make('span', 'imgsim-verb', verb));
  button.append(frame, ...item.lines.map((line, i) => make('span', i ? 'imgsim-note' : 'imgsim-name', line)));
  button.onclick = () => tell('pick', item.row);
  const cell = make('div', 'imgsim-cell');
  cell.setAttribute('role', 'listitem');
  cell.append(button, ...(Object.keys(item.explain).length ? [why(item, (parameters) => tell('explain', parameters))] : []));
  if (item.vote !== null) cell.append(votes(item, (vote) => tell('vote', vote)));
  return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.imgsim-gallery');
  grid.tell = setTriggerValue;
  if (grid.dataset.content === data.told) return;
  const { items, size, verb } = JSON.parse(data.told);
  const held = [...grid.children].findIndex((cell) => cell.contains(document.activeElement));
  const tell = (event, value) => grid.tell(event, value);
  grid.style.setProperty('--imgsim-size', `${size}px`);
  grid.replaceChildren(...items.map((item, place) => card(item, place, size, verb, tell)));
  grid.dataset.content = data.told;
  if (held < 0) return;
  const place = grid.children[Math.min(held, items.length - 1)];
  place?.querySelector('button').focus({ preventScroll: true }); // whoever walks by keys stays where they are
}
