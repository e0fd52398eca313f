// The only way this page makes elements. Strings become text, never markup: a team may be called <img onerror=…>.

/** An element with attributes and children; `null` children are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  append(element, children);
  return element;
}

/** Puts the children in place of what is there. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Writes only what differs: an unchanged text keeps a person's selection. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function byId(id) {
  return document.getElementById(id);
}

function append(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) {
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
}
