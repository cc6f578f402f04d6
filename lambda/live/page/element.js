/** Makes elements. Everything that comes from the gateway becomes text, and never markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** An element with a class, and with children that are elements or text; those that are `undefined` or `false` are left out. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  return fill(made, ...children);
}

/** Puts `children` in the place of what was there. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat().filter((child) => child !== undefined && child !== false && child !== ''));
  return parent;
}

export function withAttributes(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function shape(name, attributes, ...children) {
  const made = withAttributes(document.createElementNS(SVG, name), attributes);
  made.append(...children);
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** "1 call", "2 calls". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** "3 s", "4 min", "2 h": how long something takes, or took. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min` : `${Math.floor(seconds / 86_400)} d`;
}

/** Milliseconds with as many digits as mean something. */
export function milliseconds(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ms`;
}

/** The clock time of an ISO 8601 text, where the browser is. */
export function clockTime(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString('en-GB', { hour12: false });
}
