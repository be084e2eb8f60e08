// Where the map's contents come from when it lives in the app: the routes of imgsim/ui/routes.py.

import { unpack } from './wire.js';

const ROOT = new URL('../../../', import.meta.url); // this file is /imgsim/ui/<version>/map/http.js
const VERSION = import.meta.url.split('/').at(-3); // other scripts may want other bytes of the same contents
const KEPT = 48;
const answers = new Map(); // by address; contents never change under an address

/** A source: everything about one collection, by row. */
export class HttpSource {
  constructor(collection) { this.collection = collection; }

  points(key, query = {}, signal) { return binary(`points/${key}`, this.within(query), signal); }
  density(key, query = {}, signal) { return binary(`density/${key}`, this.within(query), signal); }
  within(query) { return query.hide ? { ...query, collection: this.collection } : query; }
  distortion(key) { return binary(`values/${key}`); }
  field(name) { return binary(`field/${this.collection}/${encodeURIComponent(name)}`); }
  record(row) { return kept(address(`record/${this.collection}/${row}.json`), (answer) => answer.json()); }
  near(key, row) { return kept(address(`near/${key}/${row}.json`), (answer) => answer.json()); }
  thumb(row) { return address(`thumb/${this.collection}/${row}.webp`); }
}

const scripts = new Map(); // by name: each is loaded once a page
const EARLY = 'imgsim-plotly';

/** plotly.js for flat maps, which may be on its way already (imgsim/ui/early.js), or all of it. */
export function loadPlotly(is3d = false) {
  const name = is3d ? 'plotly.js' : 'plotly-2d.js';
  if (!scripts.has(name)) scripts.set(name, load(name, is3d ? null : document.getElementById(EARLY)));
  return scripts.get(name);
}

/** What the script calls Plotly; `early` is its element where it is there already, and leaves if it fails. */
function load(name, early) {
  if (early && window.Plotly) return Promise.resolve(window.Plotly);
  return new Promise((resolve, reject) => {
    const script = early ?? document.createElement('script');
    script.addEventListener('load', () => resolve(window.Plotly));
    script.addEventListener('error', () => {
      scripts.delete(name);
      script.remove();
      reject(new Error(`${name} could not be loaded`));
    });
    if (early) return;
    if (name === 'plotly-2d.js') script.id = EARLY;
    script.src = address(name);
    document.head.append(script);
  });
}

function address(path, query = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Kept for ever; with a signal, which can give the question up, it is a question of the moment and not kept. */
function binary(path, query, signal) {
  const read = async (answer) => unpack(await answer.arrayBuffer());
  const url = address(path, { ...query, v: VERSION });
  return signal ? ask(url, read, signal) : kept(url, read);
}

async function ask(url, read, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${response.status} for ${new URL(url).pathname}`);
  return read(response);
}

function kept(url, read) {
  if (!answers.has(url)) {
    const answer = ask(url, read);
    answer.catch(() => answers.delete(url));
    answers.set(url, answer);
    if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  }
  return answers.get(url);
}
