// What colour a row has: a small palette, and one code a row into it. Hidden codes are neither drawn nor hit.

// Okabe and Ito's hues first; the first eight are told apart with any colour vision (tests/test_palettes.py), then come
// lighter and darker ones. All of middle lightness, so that they stand on white and on near black.
const CATEGORIES = [
  '#3b7dd8', '#e0912f', '#169e77', '#cf5fa0', '#58b4e5', '#d1552b', '#406060', '#dcb9b9', '#8d6a4f', '#6f8f3a',
  '#7fa8ea', '#f0b878', '#6cc9ab', '#e49ac4', '#2d8fa8', '#e88b6d', '#b8a5ec', '#cdbf52', '#b99a80', '#a3bd72',
];
const OTHER = '#868d97';
const PLAIN = '#4f7fc9';
const NUMBERS = ['#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962', '#c2cf2c'];
const DISTORTION = ['#93a1b3', '#b9ae93', '#d99a5b', '#cf5f43', '#b3273f'];
const STEPS = 48;

/** The most categories with a colour of their own; the rest is "other". */
export const MOST = CATEGORIES.length;

/** All rows in one colour. */
export function plainColoring() {
  return { kind: 'plain', codes: null, palette: [PLAIN], entries: [] };
}

/** One colour a category; `codes` count from the most frequent label. */
export function categoryColoring(title, { labels, codes }) {
  const many = labels.length > MOST;
  const palette = [...CATEGORIES.slice(0, Math.min(labels.length, MOST)), ...(many ? [OTHER] : [])];
  const drawn = many ? codes.map((code) => Math.min(code, MOST)) : codes;
  const counts = new Array(palette.length).fill(0);
  for (const code of drawn) counts[code] += 1;
  const entries = palette.map((color, code) => ({
    code, color, count: counts[code],
    label: many && code === MOST ? `other (${labels.length - MOST} more)` : labels[code] || 'no label',
  }));
  const labelOf = (row) => labels[codes[row]] || 'no label';
  const expand = (hidden) => [...hidden].flatMap((code) => (many && code === MOST ? rest(labels.length) : [code]));
  return { kind: 'category', title, codes: drawn, palette, entries, labelOf, expand };
}

/** A scale for numbers; rows without one are grey. */
export function numberColoring(title, { values, low, high }, kind = 'number') {
  const stops = kind === 'distortion' ? DISTORTION : NUMBERS;
  const palette = [...Array.from({ length: STEPS }, (_, i) => mix(stops, i / (STEPS - 1))), OTHER];
  const span = high > low ? high - low : 1;
  const codes = Uint8Array.from(values, (v) => (v === v ? Math.round(((v - low) / span) * (STEPS - 1)) : STEPS));
  const labelOf = (row) => (values[row] === values[row] ? format(values[row]) : 'unknown');
  return { kind, title, codes, palette, entries: [], stops, low, high, labelOf };
}

/** A number in few characters. */
export function format(value) {
  return Number.isInteger(value) ? value.toLocaleString('en') : Number(value.toPrecision(3)).toString();
}

const rest = (n) => Array.from({ length: n - MOST }, (_, i) => MOST + i);

function mix(stops, at) {
  const place = at * (stops.length - 1);
  const i = Math.min(Math.floor(place), stops.length - 2);
  const [a, b] = [channels(stops[i]), channels(stops[i + 1])];
  return `rgb(${a.map((v, c) => Math.round(v + (b[c] - v) * (place - i))).join(',')})`;
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
