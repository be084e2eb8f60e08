// Presenting: large type and no controls at one key, next and back by keyboard, the view as a link, dark and light.
const CLASS = 'imgsim-presenting';
const KEPT = 'imgsim-presenting';
const TYPES = 'input, textarea, select, [contenteditable="true"]';
const MOVES = '[role="slider"], [role="radiogroup"], [role="listbox"], [role="combobox"], [role="tablist"], .imgsim-map';

function press(name) {
  const button = document.querySelector(`.st-key-turn_${name} button:not([disabled])`);
  if (button) button.click();
  return Boolean(button);
}

// Charts are drawn by Python, which is told of a change and not of what it knows.
function tell(on) {
  if (on === Boolean(window.imgsimTold)) return;
  window.imgsimTold = on;
  window.imgsimTell?.('presenting', on);
}

function present(on) {
  document.documentElement.classList.toggle(CLASS, on);
  for (const button of document.querySelectorAll('.imgsim-present [data-do=present]'))
    button.textContent = on ? 'End presenting' : 'Present';
  sessionStorage.setItem(KEPT, on ? '1' : '');
  window.dispatchEvent(new Event('resize')); // charts fit themselves anew
  tell(on);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(TYPES) && !(target.type === 'radio' && event.key.startsWith('Page'))) return;
  const arrow = event.key.startsWith('Arrow');
  if (arrow && target.closest(MOVES)) return;
  if (event.key === 'p') present(!document.documentElement.classList.contains(CLASS));
  else if (event.key === 'ArrowRight' || event.key === 'PageDown') { if (press('next')) event.preventDefault(); }
  else if (event.key === 'ArrowLeft' || event.key === 'PageUp') { if (press('back')) event.preventDefault(); }
}

async function copy(button) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(window.location.href);
    button.textContent = 'Copied';
  } catch {
    window.prompt('The link to this view', window.location.href); // no clipboard without https or permission
  }
  setTimeout(() => { button.textContent = was; }, 1500);
}

function otherTheme() {
  const dark = getComputedStyle(document.querySelector('.stApp')).colorScheme.includes('dark');
  const name = JSON.stringify(dark ? 'Light' : 'Dark');
  const paths = [...document.querySelectorAll('a[href]')].map((link) => new URL(link.href))
    .filter((url) => url.origin === window.location.origin).map((url) => url.pathname);
  for (const path of new Set(['/', window.location.pathname, ...paths]))
    localStorage.setItem(`stActiveTheme-${path}-v2`, name);
  window.location.reload();
}

export default function ({ parentElement, setStateValue }) {
  window.imgsimTell = setStateValue;
  const bar = parentElement.querySelector('.imgsim-present');
  bar.querySelector('[data-do=copy]').onclick = (event) => copy(event.currentTarget);
  bar.querySelector('[data-do=theme]').onclick = otherTheme;
  bar.querySelector('[data-do=present]').onclick = () => present(!document.documentElement.classList.contains(CLASS));
  if (sessionStorage.getItem(KEPT)) present(true);
  if (window.imgsimKeys) window.removeEventListener('keydown', window.imgsimKeys);
  window.imgsimKeys = onKey;
  window.addEventListener('keydown', onKey);
}
