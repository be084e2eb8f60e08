// The page's colours, read from Streamlit's CSS variables, and a call when they change.

/** The colours now. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = value('--st-background-color', '#ffffff');
  return {
    background, rgb,
    text: value('--st-text-color', '#1d2126'),
    accent: value('--st-primary-color', '#2f63c9'),
    warning: isDark(background) ? '#ff9d76' : '#c2410c',
  };
}

/** Call `changed` whenever the theme changes; returns what undoes it. */
export function watchTheme(element, changed) {
  // A transition of no visible length: the browser says when the inherited colours have become others.
  const probe = element.appendChild(document.createElement('span'));
  probe.className = 'imgsim-probe';
  probe.setAttribute('aria-hidden', 'true');
  probe.addEventListener('transitionend', changed);
  return () => probe.remove();
}

function isDark(color) {
  const [red, green, blue] = rgb(color);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

let pen = null;

function rgb(color) {
  pen ??= Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
