// What a lever does, while somebody points at it or the focus is on it: beside the levers, so that nothing moves. Who
// listens hears it as the button's description; on a touch screen it stands below the lever.

import { el, rich } from "../dom.js";

export function hover() {
  const node = el("div", { class: "tip", "aria-hidden": "true" });
  const hide = () => node.classList.remove("shown");
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, { capture: true, passive: true });
  return {
    node,
    /** @param {HTMLElement} target @param {string} text */
    on: (target, text) => {
      const show = () => {
        node.replaceChildren(...rich(text));
        const box = target.getBoundingClientRect();
        const lowest = innerHeight - node.offsetHeight - 8;
        node.style.top = `${Math.max(8, Math.min(box.top, lowest))}px`;
        node.style.right = `${document.documentElement.clientWidth - box.left + 12}px`;
        node.classList.add("shown");
      };
      target.addEventListener("pointerenter", show);
      target.addEventListener("pointerleave", hide);
      target.addEventListener("focus", () => {
        if (target.matches(":focus-visible")) show();
      });
      target.addEventListener("blur", hide);
      target.addEventListener("click", hide);
    },
  };
}
