// Pictures in a grid, each a button: a click or Enter tells Python which one. Names are text, never markup.

const make = (tag, className, text = '') => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

function card(item, size, verb, pick) {
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
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.imgsim-gallery');
  const content = JSON.stringify(data);
  if (grid.dataset.content !== content) {
    grid.style.setProperty('--imgsim-size', `${data.size}px`);
    grid.replaceChildren(...data.items.map((item) => card(item, data.size, data.verb, (row) => setTriggerValue('pick', row))));
    grid.dataset.content = content;
  } else {
    for (const button of grid.children) button.onclick = () => setTriggerValue('pick', Number(button.dataset.row));
  }
}
