// Changing as little of the page as possible: a browser lays out and paints again whatever is set, even to what it was.
// What moves with every frame goes through these.

/** @param {Element} element @param {string} name of an attribute */
export function attribute(element, name) {
  let last;
  return (value) => {
    if (value === last) return;
    last = value;
    element.setAttribute(name, String(value));
  };
}

/** The text of an element, which is its only child. @param {Element} element */
export function words(element) {
  const text = document.createTextNode("");
  element.replaceChildren(text);
  let last = "";
  return (value) => {
    if (value === last) return;
    last = value;
    text.data = value;
  };
}

/** @param {Element} element @param {string} name of a class */
export function marker(element, name) {
  let last = element.classList.contains(name);
  return (isOn) => {
    if (isOn === last) return;
    last = isOn;
    element.classList.toggle(name, isOn);
  };
}

/** @param {HTMLElement | SVGElement} element @param {string} property of its style */
export function style(element, property) {
  let last;
  return (value) => {
    if (value === last) return;
    last = value;
    element.style.setProperty(property, value);
  };
}

/** Whether it is there. @param {HTMLElement} element */
export function presence(element) {
  let last = !element.hidden;
  return (isThere) => {
    if (isThere === last) return;
    last = isThere;
    element.hidden = !isThere;
  };
}
