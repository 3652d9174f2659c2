// Keys for who drives: they act wherever the focus is, unless it is on something that has a use for them itself.

const OWN_SPACE =
  "button, a, summary, select, input, textarea, [contenteditable]";
const OWN_ARROWS = "select, textarea, input:not(#back)";

/**
 * @param {ReturnType<import("./pace.js").timeMachine>} machine
 * @param {() => void} help
 */
export function keys(machine, help) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.defaultPrevented || document.querySelector("dialog[open]"))
      return;
    const at = event.target;
    const steps = event.shiftKey ? 10 : 1;
    if (event.key === " " && !at.closest(OWN_SPACE)) machine.toggle();
    else if (event.key === "ArrowRight" && !at.closest(OWN_ARROWS))
      machine.on(steps);
    else if (event.key === "ArrowLeft" && !at.closest(OWN_ARROWS))
      machine.on(-steps);
    else if (event.key === "?" && !at.closest("input, textarea, select"))
      help();
    else return;
    event.preventDefault();
  });
  // Who clicks with a mouse wants the space bar to pause, not to click again.
  addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button && event.detail > 0) button.blur();
  });
}
