// plotly.js with what a flat map draws: points in SVG (in the core) and in WebGL.
const Plotly = require('plotly.js/lib/core');
Plotly.register([require('plotly.js/lib/scattergl')]);
module.exports = Plotly;
