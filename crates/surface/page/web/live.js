// The flight simulator: a system that runs, levers that break and save it, and the same moment otherwise. The server
// simulates; this page shows what it sends and sends what is pulled.

import "./sharp.js";
import "uplot/dist/uPlot.min.css";
import "./page.css";
import "./live.css";
import { clockOf } from "./clock.js";
import { el } from "./dom.js";
import { armsSection } from "./live/arms.js";
import { connect, tokenOf } from "./live/connection.js";
import { showKeys, showSaved } from "./live/dialogs.js";
import { hint } from "./live/hint.js";
import { keys } from "./live/keys.js";
import { leversSection } from "./live/levers.js";
import { logSection } from "./live/log.js";
import { notices } from "./live/notices.js";
import { bar, timeMachine } from "./live/pace.js";
import { createSession } from "./live/session.js";
import { timeSection } from "./live/timeline.js";
import { voice } from "./live/voice.js";
import { roundSeconds } from "./quantity.js";

const session = createSession();
const said = notices();
/** The clock is that of the day that runs; what shows moments asks for it when it does. */
const context = { clock: clockOf({ wall: 0, changes: [], length: 0 }) };
session.on("hello", () => {
  context.clock = clockOf(session.hello.clock);
  cockpit.hidden = false;
});

const token = tokenOf(location);
let server = null;

/** Does something; what the simulator refuses is said in its words. */
async function act(path, body) {
  if (!server) return null;
  try {
    const answer = await server.post(path, body);
    said.clear();
    return answer;
  } catch (error) {
    said.refuse(error.message);
    return null;
  }
}

const machine = timeMachine(session, act, context);
const help = () =>
  showKeys(session.hello ? roundSeconds(machine.step()) : "short");
const levers = leversSection(session, act);
const arms = armsSection(session, context, act, (part) => levers.choose(part));
const cockpit = el(
  "div",
  { class: "cockpit", hidden: true },
  arms,
  el("div", { class: "side" }, levers.node, logSection(session, context, act)),
  timeSection(session, machine, context),
);
document.getElementById("live").replaceChildren(
  bar(session, machine, context, {
    save: async () => {
      const saved = await act(
        "save",
        session.arms.length > 1 ? { arm: session.chosen } : {},
      );
      if (saved) showSaved(saved);
    },
    fork: () => act("fork", { without: null }),
    keys: help,
  }),
  said.node,
  cockpit,
  voice(session, context),
);
hint(session, levers);
keys(machine, help);

if (token === "") said.connection("missing");
else {
  said.connection("connecting");
  server = connect(token, { event: session.take, state: said.connection });
}
session.on("frame", () => {
  document.documentElement.dataset.ready = "";
});
