export const $ = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

/** An element: `h('td.n', { 'data-name': 'Cost' }, '$1.20')`. Texts are texts: nothing is ever parsed as HTML. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = ['svg', 'path'].includes(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (classes.length > 0) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined && child !== ''));
  return element;
}

/** A text, where it has changed: a screen reader says what is set again. */
export function t(element, text = '') {
  if (element.textContent !== text) element.textContent = text;
}

const shown = {};

/** Draws a part again where its data has changed: what is selected or focused stays. */
export function put(id, data, draw) {
  const text = JSON.stringify(data);
  if (shown[id] === text) return;
  shown[id] = text;
  $(id).replaceChildren(...[draw(data)].flat());
}
