// Why a ticket is where it is: first in sentences, then rule by rule, then as the teams that would be.
import { h, svg } from "./dom.js";
import { a, chip, number, several, span, table } from "./parts.js";

const TONES = {
  waiting: "wait", never: "bad", outranked: "wait", matchable: "good", accepting: "ask", placing: "ask", ended: "off",
};

const QUESTIONS = { ended: "How did it end?", matchable: "What happens next?", accepting: "What does it wait for?", placing: "What does it wait for?" };
const WIDE = 1000;

/** The wait as a line: now, what will change, and the end of the request. */
function clock(said) {
  if (said.timesOutInSeconds === null) return null;
  const whole = said.waitedSeconds + said.timesOutInSeconds;
  if (!whole) return null;
  const at = (seconds) => Math.min(WIDE - 4, Math.max(0, (WIDE * seconds) / whole));
  const change = said.change && said.change.inSeconds < said.timesOutInSeconds ? said.waitedSeconds + said.change.inSeconds : null;
  const told = [`waited ${span(said.waitedSeconds)}`, change === null ? "" : `${said.change.enough ? "a match" : "a change"} after ${span(change)}`,
    `times out after ${span(whole)}`].filter(Boolean);
  return h("figure", { class: "clock" },
    svg("svg", { viewBox: `0 0 ${WIDE} 14`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "all", x: 0, y: 3, width: WIDE, height: 8 }),
      svg("rect", { class: "waited", x: 0, y: 3, width: at(said.waitedSeconds), height: 8 }),
      change === null ? null : svg("rect", { class: "change", x: at(change), y: 0, width: 4, height: 14 })),
    h("figcaption", {}, told.map((text, place) => h("span", { class: ["waited", told.length === 3 ? "change" : "all", "all"][place] }, text))));
}

/** The whole panel. */
export function explained(said) {
  if (!said) return h("section", { class: "panel why", "data-key": "why" }, h("h2", {}, "Why?"),
    h("p", { class: "quiet" }, "Thinking about the whole pool…"));
  return h("section", { class: `panel why ${said.status === "COMPLETED" ? "good" : TONES[said.verdict] ?? "off"}`, "data-key": "why", id: "why" },
    h("h2", {}, h("span", { class: "eyebrow" }, QUESTIONS[said.verdict] ?? "Why does it wait?"), said.headline),
    clock(said),
    h("dl", { class: "story" }, said.story.map(({ about, text }) =>
      h("div", {}, h("dt", { class: /stops|change/.test(about) ? "strong" : "" }, about), h("dd", {}, text)))),
    said.teams ? teams(said) : null,
    said.rules?.length ? rules(said) : null,
    said.places?.length ? places(said.places) : null,
    said.answers ? answers(said.answers) : null);
}

function rules(said) {
  const note = said.verdict === "matchable" || said.verdict === "outranked" ? "this match" : "the best match so far";
  return [
    h("h3", {}, `Every rule, judged on ${note}`),
    table("Rules", ["Rule", "Holds", "It wants", "It has"], said.rules.map((rule) => ({
      key: rule.name,
      tone: rule.passes ? "" : "failing",
      cells: [
        [h("strong", {}, rule.name), rule.description ? h("div", { class: "quiet" }, rule.description) : null,
          rule.countsAlone ? null : h("div", { class: "quiet" }, "counts only inside a compound rule")],
        h("span", { class: `verdict ${rule.passes ? "good" : "bad"}` }, rule.passes ? "✓ yes" : "✕ no"),
        rule.wants,
        [rule.has, rule.type === "Latency" || rule.type === "BatchDistance" ? h("div", { class: "quiet" }, rule.detail) : null,
          rule.against.length ? h("div", { class: "quiet" }, "apart from ", names(rule.against)) : null],
      ],
    }))),
  ];
}

function names(ids) {
  const shown = ids.slice(0, 5).flatMap((id, at) => [at ? ", " : "", a(id, "tickets", { name: id })]);
  return [shown, ids.length > 5 ? ` and ${ids.length - 5} more` : ""];
}

function teams(said) {
  if (!said.teams.length) return null;
  const complete = said.verdict === "matchable" || said.verdict === "outranked";
  return [
    h("h3", {}, complete ? "The match" : "The best match so far"),
    h("div", { class: "teams" }, said.teams.slice(0, 24).map((team) => side(team, said.ticketId))),
    said.teams.length > 24 ? h("p", { class: "quiet" }, `and ${said.teams.length - 24} more teams`) : null,
  ];
}

function side(team, own) {
  const missing = Math.max(0, team.minPlayers - team.players.length);
  const range = team.minPlayers === team.maxPlayers ? number(team.minPlayers) : `${team.minPlayers} to ${team.maxPlayers}`;
  return h("div", { class: `team ${missing ? "short" : ""}` },
    h("h4", {}, team.name, h("span", { class: "quiet" }, ` ${team.players.length} of ${range}`)),
    h("ul", {}, team.players.slice(0, 12).map((player) =>
      h("li", { class: player.ticketId === own ? "own" : "" }, player.playerId, " ",
        player.ticketId === own ? h("span", { class: "quiet" }, "this ticket")
          : h("span", { class: "quiet" }, a(player.ticketId, "tickets", { name: player.ticketId })))),
      team.players.length > 12 ? h("li", { class: "quiet" }, `and ${team.players.length - 12} more`) : null,
      missing ? h("li", { class: "gap" }, `${several(missing, "player")} missing`) : null));
}

function places(rows) {
  return [
    h("h3", {}, "Where the queue looks, best first"),
    table("Places", ["Location", "Fleet", "Allowed now", ["Free processes", "right"]], rows.map((one) => ({
      key: `${one.fleetId}/${one.location}`,
      cells: [one.location, h("span", { class: "id" }, one.fleetId), one.allowed ? "yes" : "no",
        `${number(one.free)} of ${number(one.processes)}`],
    }))),
  ];
}

function answers(given) {
  const word = (answer) => (answer === null ? chip("PENDING") : h("span", { class: `verdict ${answer ? "good" : "bad"}` },
    answer ? "✓ accepted" : "✕ rejected"));
  return [
    h("h3", {}, "Answers"),
    table("Answers", ["Player", "Answer"], Object.entries(given).map(([player, answer]) => ({
      key: player, cells: [h("span", { class: "id" }, player), word(answer)],
    }))),
  ];
}
