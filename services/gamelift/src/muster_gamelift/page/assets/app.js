// What is shown follows from the address; what it says is asked for again and again, gently.
import { configuration, configurations, ruleSet, ruleSets } from "./catalogue.js";
import { h, morph } from "./dom.js";
import { fleets, notices, queues, session, sessions } from "./hosting.js";
import { overview } from "./overview.js";
import { here, link } from "./parts.js";
import { ticket, tickets } from "./tickets.js";

const SECTIONS = [
  ["overview", "Overview"], ["tickets", "Tickets"], ["configurations", "Configurations"], ["rule-sets", "Rule sets"],
  ["queues", "Queues"], ["fleets", "Fleets"], ["sessions", "Sessions"], ["notices", "Notices"],
];
const EVERY_MS = 1000;
const EXPLAIN_MS = 2000;
const state = { what: "overview", values: {}, region: "", paused: false, answer: null, said: null, round: 0 };
const main = document.getElementById("main");
let timer = 0;

function readAddress() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  state.what = SECTIONS.some(([name]) => name === path) ? path : "overview";
  state.values = Object.fromEntries(new URLSearchParams(query ?? ""));
  state.region = state.values.region ?? "";
}

async function ask(path, values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const answer = await fetch(`${path}?${query}`, { headers: { accept: "application/json" } });
  if (!answer.ok && answer.status !== 404) throw new Error(`the service answered ${answer.status}`);
  return answer.json();
}

/** Ask once, show it, and come back later: the slower the answer, the longer the pause. */
async function look() {
  clearTimeout(timer);
  const round = ++state.round;
  const began = performance.now();
  let wait = EVERY_MS;
  try {
    const answer = await ask("view", { ...state.values, what: state.what, region: state.region });
    if (round !== state.round) return;
    state.answer = answer;
    here.region = answer.region === answer.home ? "" : answer.region;
    live(state.paused ? "Paused" : "Live", state.paused ? "" : "on");
    show();
    wait = Math.max(EVERY_MS, 5 * (performance.now() - began));
    await think(round);
  } catch (error) {
    if (round !== state.round) return;
    live("Not reachable", "bad");
    console.warn(error);
    wait = 3 * EVERY_MS;
  }
  if (round === state.round && !state.paused && !document.hidden) timer = setTimeout(look, wait);
}

/** Keep the explanation of the ticket on screen fresh; an ended ticket does not change any more. */
async function think(round) {
  const name = state.what === "tickets" ? state.values.name : "";
  const status = state.answer.view?.one?.status;
  if (!name || !status) return;
  const same = state.said?.ticketId === name && state.said.status === status;
  const due = !same || (state.said.verdict !== "ended" && performance.now() >= state.said.again);
  if (!due) return;
  const began = performance.now();
  const said = await ask("explain", { region: state.region, name });
  if (round !== state.round || said.error) return;
  state.said = { ...said, again: performance.now() + Math.max(EXPLAIN_MS, 5 * (performance.now() - began)) };
  show();
}

function content() {
  const { what, values, answer, said } = state;
  const { view, now, region } = answer;
  const own = said?.ticketId === values.name ? said : null;
  switch (what) {
    case "tickets": return values.name ? ticket(view, values, now, own) : tickets(view, values, now);
    case "configurations": return values.name ? configuration(view, values, now) : configurations(view, values, now);
    case "rule-sets": return values.name ? ruleSet(view, values) : ruleSets(view, values);
    case "queues": return queues(view, values, now);
    case "fleets": return fleets(view, values, now);
    case "sessions": return values.name ? session(view, values, now) : sessions(view, values, now);
    case "notices": return notices(view, values);
    default: return overview(view, now, region);
  }
}

function show() {
  morph(main, h("main", { id: "main", tabindex: "-1", "data-ready": state.what }, content()));
  morph(document.getElementById("nav"), h("nav", { id: "nav", class: "nav", "aria-label": "Sections" },
    SECTIONS.map(([name, text]) => h("a", { href: link(name), "aria-current": name === state.what ? "page" : null }, text))));
  const { regions, region } = state.answer;
  morph(document.getElementById("region"), h("select", { id: "region" },
    regions.map((name) => h("option", { value: name, selected: name === region }, name))));
  const name = state.values.name ? `${state.values.name} · ` : "";
  document.title = `${name}${SECTIONS.find(([each]) => each === state.what)[1]} · Local GameLift`;
}

function live(text, tone) {
  const shown = document.getElementById("live");
  if (shown.textContent !== text) shown.textContent = text;
  shown.className = `live ${tone}`;
}

function filter(name, value) {
  const values = { ...state.values, [name]: value, start: "" };
  history.replaceState(null, "", link(state.what, values));
  readAddress();
  look();
}

const THEMES = ["Auto", "Light", "Dark"];

function theme(name) {
  const chosen = THEMES.includes(name) ? name : "Auto";
  document.documentElement.dataset.theme = chosen.toLowerCase();
  const button = document.getElementById("theme");
  button.textContent = `◐ ${chosen}`;
  button.setAttribute("aria-label", `Colours: ${chosen}`);
  localStorage.setItem("theme", chosen);
}

addEventListener("hashchange", () => {
  if (location.hash === "#main") return;
  readAddress();
  scrollTo(0, 0);
  look().then(() => main.focus({ preventScroll: true }));
});
document.addEventListener("visibilitychange", () => !document.hidden && !state.paused && look());
document.addEventListener("input", (event) => {
  if (event.target.dataset?.filter) filter(event.target.dataset.filter, event.target.value);
});
document.getElementById("region").addEventListener("change", (event) => {
  location.hash = link(state.what, { region: event.target.value });
});
document.getElementById("pause").addEventListener("click", (event) => {
  state.paused = !state.paused;
  event.target.setAttribute("aria-pressed", String(state.paused));
  event.target.textContent = state.paused ? "Go on" : "Pause";
  live(state.paused ? "Paused" : "Live", state.paused ? "" : "on");
  if (!state.paused) look();
});
document.getElementById("theme").addEventListener("click", () => {
  theme(THEMES[(THEMES.indexOf(localStorage.getItem("theme")) + 1) % THEMES.length]);
});

theme(localStorage.getItem("theme") ?? "Auto");
readAddress();
look();
