// Elements without a framework: the page is built once and then only a few attributes move.

/**
 * An element with attributes and children; children that are text are text, never HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on…` are listeners, `false` and `null` are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  return /** @type {HTMLElement} */ (
    filled(document.createElement(tag), attributes, children)
  );
}

/**
 * The same in a drawing.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  return /** @type {SVGElement} */ (filled(element, attributes, children));
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child || child === ""));
  return element;
}

/**
 * A sentence in which names stand between backticks, as the terminal writes them.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function rich(text) {
  return text
    .split("`")
    .map((part, at) => (at % 2 === 1 ? el("code", {}, part) : part));
}

/**
 * A section with its heading; the heading names it for who jumps from one to the next.
 * @param {string} id
 * @param {string} title
 * @param {string | Node | null} lead a sentence below the heading
 * @param {...(Node | string | null | undefined | false)} children
 */
export function section(id, title, lead, ...children) {
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    lead &&
      el(
        "p",
        { class: "lead" },
        ...(typeof lead === "string" ? rich(lead) : [lead]),
      ),
    ...children,
  );
}

/**
 * A table whose first column names its rows.
 * @param {string} caption
 * @param {string[]} head
 * @param {(string | Node)[][]} rows
 * @param {string} [style]
 */
export function table(caption, head, rows, style = "") {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: style },
      el("caption", { class: "unseen" }, caption),
      el(
        "thead",
        {},
        el("tr", {}, ...head.map((cell) => el("th", { scope: "col" }, cell))),
      ),
      el(
        "tbody",
        {},
        ...rows.map(([first, ...rest]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, first),
            ...rest.map((cell) => el("td", {}, cell)),
          ),
        ),
      ),
    ),
  );
}

/**
 * Something behind a picture that is only built when somebody opens it: large tables cost time.
 * @param {string} summary
 * @param {() => Node} content
 */
export function folded(summary, content) {
  const details = el("details", {}, el("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1)
      details.append(content());
  });
  return details;
}

/**
 * One of a few, as radio buttons that look like a switch.
 * @param {string} label for who cannot see it
 * @param {{ value: string, text: string }[]} options
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
export function choice(label, options, chosen, choose) {
  const name = `choice-${label.replace(/\W+/g, "-")}`;
  return el(
    "fieldset",
    { class: "choice" },
    el("legend", { class: "unseen" }, label),
    ...options.map(({ value, text }) => {
      const id = `${name}-${value.replace(/\W+/g, "-")}`;
      return el(
        "span",
        {},
        el("input", {
          type: "radio",
          name,
          id,
          checked: value === chosen,
          onchange: () => choose(value),
        }),
        el("label", { for: id }, ...rich(text)),
      );
    }),
  );
}
