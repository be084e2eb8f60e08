// Gives the chart above a role and a name, and shows its numbers as a table on demand. Names are text, never markup.

const make = (tag, text = '', attributes = {}) => {
  const node = document.createElement(tag);
  node.textContent = text;
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  return node;
};

function table({ columns, rows, label }) {
  const head = make('tr');
  head.append(...columns.map((name) => (name ? make('th', name, { scope: 'col' }) : make('td'))));
  const body = rows.map(([first, ...rest]) => {
    const line = make('tr');
    line.append(make('th', first, { scope: 'row' }), ...rest.map((cell) => make('td', cell)));
    return line;
  });
  const whole = make('table');
  whole.append(make('caption', label), make('thead'), make('tbody'));
  whole.tHead.append(head);
  whole.tBodies[0].append(...body);
  return whole;
}

function numbers(data) {
  const box = make('details');
  const frame = make('div', '', { class: 'imgsim-numbers', tabindex: 0, role: 'region', 'aria-label': 'Numbers' });
  box.append(make('summary', 'Numbers'), frame);
  box.ontoggle = () => {
    if (box.open && !frame.childElementCount) frame.append(table(data));
  };
  return box;
}

// The chart is drawn later than this, and anew when it is enlarged.
function name(root) {
  const drawn = root.closest('[class*="st-key-chart_"]')?.querySelector('.stPlotlyChart');
  if (!drawn || drawn.getAttribute('aria-label') === root.dataset.label) return;
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', root.dataset.label);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.imgsim-words');
  if (root.dataset.content !== data.told) {
    const chart = JSON.parse(data.told);
    const open = root.querySelector('details')?.open;
    root.dataset.label = chart.label;
    root.replaceChildren(...(chart.rows.length ? [numbers(chart)] : []));
    if (open && chart.rows.length) root.firstChild.open = true;
    root.dataset.content = data.told;
  }
  name(root);
  const watch = new MutationObserver(() => name(root));
  const around = root.closest('[class*="st-key-chart_"]');
  if (around) watch.observe(around, { childList: true, subtree: true });
  return () => watch.disconnect();
}
