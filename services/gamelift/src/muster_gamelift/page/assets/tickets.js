// Tickets: the list, and one followed from its search to its session.
import { h } from "./dom.js";
import { explained } from "./explain.js";
import { noticeList } from "./hosting.js";
import { a, aws, brief, chip, empty, facts, link, meter, pager, panel, search, several, span, states, table, time } from "./parts.js";

const START = aws("start-matchmaking --configuration-name duel \\\n  --players PlayerId=ann");
const ENDED = new Set(["COMPLETED", "CANCELLED", "FAILED", "TIMED_OUT"]);

export function tickets(view, values, now) {
  const filters = { status: values.status, configuration: values.configuration, text: values.text };
  const any = Object.values(view.statuses).some(Boolean) || values.text || values.configuration;
  return [
    h("h1", {}, "Tickets"),
    h("div", { class: "filters" },
      states("tickets", filters, view.statuses),
      h("label", {}, h("span", { class: "label" }, "Configuration"),
        h("select", { "data-filter": "configuration" }, h("option", { value: "" }, "all"),
          view.configurations.map((name) => h("option", { value: name, selected: name === values.configuration }, name)))),
      search("Ticket or player", values)),
    !any ? empty("No tickets yet. Start one:", START)
      : !view.rows.length ? empty("No ticket fits these filters.")
        : [ticketTable(view.rows, now), pager(view, "tickets", filters)],
  ];
}

export function ticketTable(rows, now) {
  return table("Tickets",
    ["Ticket", "State", "Players", "Configuration", ["Waited", "right"], ["Times out in", "right"], ""],
    rows.map((one) => ({
      key: one.ticketId,
      cells: [
        [a(one.ticketId, "tickets", { name: one.ticketId }), one.backfill ? h("span", { class: "tag" }, "backfill") : null],
        [chip(one.status), one.reason && one.reason.toLowerCase() !== one.status.replace("_", "").toLowerCase()
          ? h("span", { class: "quiet" }, ` ${one.reason}`) : null],
        people(one),
        a(one.configuration, "configurations", { name: one.configuration }),
        h("span", { class: "num" }, span((one.endedAt ?? now) - one.startedAt)),
        h("span", { class: "num" }, one.endedAt === null ? span(one.timesOutAt - now) : "–"),
        ENDED.has(one.status) ? "" : h("a", { href: link("tickets", { name: one.ticketId }), class: "button small",
          "aria-label": `Why is ${one.ticketId} waiting?` }, "Why?"),
      ],
    })));
}

function people(one) {
  const more = one.playerCount - one.players.length;
  return h("span", { class: "id" }, one.players.join(", "), more > 0 ? ` and ${more} more` : "");
}

export function ticket(view, values, now, said) {
  const one = view.one;
  if (!one) {
    return [back(), h("h1", { class: "id" }, values.name),
      empty("There is no such ticket in this region. Ended tickets are kept for a day.")];
  }
  return [
    back(),
    h("div", { class: "title" }, h("h1", { class: "id" }, one.ticketId), chip(one.status),
      one.backfill ? h("span", { class: "tag" }, "backfill") : null),
    facts([
      ["Configuration", a(one.configuration, "configurations", { name: one.configuration })],
      ["Rule set", a(one.ruleSet, "rule-sets", { name: one.ruleSet })],
      ["Started", time(one.startedAt)],
      [one.endedAt === null ? "Waits for" : "Took", span((one.endedAt ?? now) - one.startedAt)],
      one.endedAt === null ? ["Times out in", span(one.timesOutAt - now)] : ["Ended", time(one.endedAt)],
      ["Reason", one.reason],
    ]),
    explained(said),
    h("div", { class: "columns" }, journey(one), h("div", {}, outcome(one, now), players(one))),
    one.notices.length ? panel(`Notices about it (${one.notices.length})`, noticeList(one.notices)) : null,
  ];
}

const back = () => h("p", { class: "back" }, h("a", { href: link("tickets") }, "← Tickets"));

function journey(one) {
  const steps = one.history.map((step) => h("li", { class: step.status ? "" : "minor" },
    h("div", { class: "when" }, step.at === null ? "–" : [time(step.at, { millis: true }),
      h("span", { class: "quiet num" }, `+${span(step.at - one.startedAt)}`)]),
    h("div", {}, step.status ? chip(step.status) : null, h("p", {}, step.text),
      step.n ? h("span", { class: "quiet" }, `notice ${step.n}`) : null)));
  return panel("History", h("ol", { class: "timeline" }, steps));
}

function outcome(one, now) {
  const parts = [];
  if (one.session) {
    parts.push(panel("Game session", facts([
      ["Players connect to", h("strong", { class: "id" }, one.session.address)],
      ["State", chip(one.session.status)],
      ["Session", h("a", { href: link("sessions", { name: one.session.arn }) }, brief(one.session.id))],
      ["Location", one.session.location],
      ["Seats", meter(one.session.seatsTaken, one.session.seats, "Seats taken")],
      ["Process", h("span", { class: "id" }, brief(one.session.process))],
    ])));
  }
  if (one.placements.length) parts.push(panel("Placement", one.placements.map((each) => placement(each, now))));
  if (one.match) parts.push(match(one));
  return parts;
}

function placement(each, now) {
  return facts([
    ["State", chip(each.status)],
    ["Placement", brief(each.placementId)],
    ["Queue", a(each.queue, "queues", { text: each.queue })],
    ["Took", span((each.endedAt ?? now) - each.startedAt)],
    ["Waits for", each.waitsFor ? `${each.waitsFor}, ${span(each.timesOutAt - now)} more` : null],
  ]);
}

function match(one) {
  const sides = new Map();
  for (const [player, team] of Object.entries(one.match.teams)) sides.set(team, [...(sides.get(team) ?? []), player]);
  const own = new Set(one.people.map((each) => each.playerId));
  return panel("Match", facts([["Match", brief(one.match.matchId)],
    ["Tickets", one.match.tickets.slice(0, 12).flatMap((id, at) => [at ? ", " : "", id === one.ticketId ? id : a(id, "tickets", { name: id })])]]),
  h("div", { class: "teams" }, [...sides].slice(0, 24).map(([team, names]) => h("div", { class: "team" }, h("h4", {}, team),
    h("ul", {}, names.slice(0, 12).map((name) => h("li", { class: own.has(name) ? "own" : "" }, name)),
      names.length > 12 ? h("li", { class: "quiet" }, `and ${names.length - 12} more`) : null)))));
}

function players(one) {
  return panel(several(one.people.length, "player"), table("Players",
    ["Player", "Team", "Attributes", "Latency", "Player session"],
    one.people.map((each) => ({
      key: each.playerId,
      cells: [h("span", { class: "id" }, each.playerId), each.team ?? "–", attributes(each.attributes),
        Object.entries(each.latencies).map(([region, ms]) => h("div", {}, `${region} ${ms} ms`)),
        each.seat ? h("span", { class: "id" }, each.seat) : "–"],
    }))));
}

function attributes(given) {
  const shown = ({ S, N, SL, SDM }) => S ?? N ?? SL?.join(", ") ?? Object.entries(SDM ?? {}).map((pair) => pair.join(" ")).join(", ");
  return Object.entries(given).map(([name, value]) => h("div", {}, h("span", { class: "quiet" }, `${name} `), String(shown(value))));
}
