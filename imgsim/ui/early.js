// Starts plotly.js once the page shows its first heading: it takes a fifth of a second, and till then it would be in the way.

const ID = 'imgsim-plotly'; // map/http.js waits for this element, or makes it where a map comes first
const script = document.createElement('script');
script.id = ID;
script.src = new URL('../../plotly-2d.js', import.meta.url).href; // this file is /imgsim/ui/<version>/early.js
script.addEventListener('error', () => script.remove()); // the map asks again

function start() {
  if (!document.getElementById(ID)) document.head.append(script);
}

const watch = new MutationObserver(() => {
  if (!document.querySelector('h1, h2, h3')) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(start)); // when it is painted
});
watch.observe(document.body ?? document.documentElement, { childList: true, subtree: true });
