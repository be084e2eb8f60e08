// Bundles entry.cjs as plotly.js bundles itself (see CUSTOM_BUNDLE.md and esbuild-config.js in its package).

import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { environmentPlugin } from 'esbuild-plugin-environment';
import { glsl } from 'esbuild-plugin-glsl';
import inlineCss from 'esbuild-plugin-inline-css';

const { version } = JSON.parse(readFileSync(new URL('node_modules/plotly.js/package.json', import.meta.url)));

await build({
  entryPoints: ['entry.cjs'],
  outfile: '../../imgsim/plots/vendor/plotly-2d.min.js',
  bundle: true, minify: true, format: 'iife', globalName: 'Plotly', target: 'es2016', legalComments: 'eof',
  banner: { js: `/* plotly.js v${version}, flat point plots only, made by imgsim's tools/plotly. Copyright 2012-2026, Plotly, Inc. MIT license. */` },
  plugins: [inlineCss(), glsl({ minify: true }), environmentPlugin({ NODE_DEBUG: false })],
  alias: { regl: '@plotly/regl', stream: 'stream-browserify' },
  define: { global: 'window', 'define.amd': 'false' },
});
