// Configurations with the metrics of their pools, and rule sets with their text.
import { h } from "./dom.js";
import { a, ago, aws, empty, facts, link, number, pager, panel, search, several, span, table, time } from "./parts.js";

export function configurations(view, values, now) {
  return [
    h("h1", {}, "Configurations"),
    h("div", { class: "filters" }, search("Name or rule set", values)),
    view.rows.length ? [poolTable(view.rows, now), pager(view, "configurations", values)]
      : empty(values.text ? "No configuration fits." : "No matchmaking configuration yet. Make one from a rule set:",
        values.text ? "" : aws("create-matchmaking-configuration --name duel --rule-set-name duel \\\n  --request-timeout-seconds 60 --no-acceptance-required --flex-match-mode STANDALONE")),
  ];
}

export function poolTable(rows, now) {
  return table("Pools",
    ["Configuration", "Rule set", "Then", ["Tickets", "right"], ["Players", "right"], ["Oldest waits", "right"], ["Usual wait", "right"]],
    rows.map((one) => ({
      key: one.name,
      cells: [
        a(one.name, "configurations", { name: one.name }),
        a(one.ruleSet, "rule-sets", { name: one.ruleSet }),
        [one.acceptanceRequired ? "acceptance, " : "", one.mode === "STANDALONE" ? "standalone" : `queue ${one.queues.join(", ")}`],
        h("a", { href: link("tickets", { configuration: one.name, status: "SEARCHING" }), class: "num" }, number(one.currentTickets)),
        h("span", { class: "num" }, number(one.currentPlayers)),
        one.oldestSince === null ? "–" : h("span", { class: "num" }, span(now - one.oldestSince)),
        one.estimateSeconds === null ? "–" : h("span", { class: "num" }, span(one.estimateSeconds)),
      ],
    })));
}

export function configuration(view, values, now) {
  const one = view.one;
  const back = h("p", { class: "back" }, h("a", { href: link("configurations") }, "← Configurations"));
  if (!one) return [back, h("h1", { class: "id" }, values.name), empty("There is no such configuration in this region.")];
  const mean = one.timeToSuccess.length ? one.timeToSuccess.reduce((sum, each) => sum + each, 0) / one.timeToSuccess.length : null;
  const metrics = [
    ["CurrentTickets", number(one.currentTickets)],
    ...Object.entries(one.metrics).map(([name, value]) => [name, number(value)]),
    ["TimeToTicketSuccess", mean === null ? "–" : `${number(mean)} s, mean of the last ${one.timeToSuccess.length}`],
  ];
  return [
    back,
    h("div", { class: "title" }, h("h1", { class: "id" }, one.name),
      h("a", { class: "button", href: link("tickets", { configuration: one.name }) }, "Its tickets")),
    panel("Pool", facts([
      ["Waiting", `${several(one.currentTickets, "ticket")}, ${several(one.currentPlayers, "player")}`],
      ["Oldest since", one.oldestSince === null ? "–" : ago(one.oldestSince, now)],
      ["Rule set", a(one.ruleSet, "rule-sets", { name: one.ruleSet })],
    ])),
    h("div", { class: "columns" },
      panel("Metrics since the start", facts(metrics)),
      panel("Rule evaluations", one.rules.length ? ruleTable(one.rules)
        : h("p", { class: "quiet" }, "No rule was judged yet: that needs tickets enough for a match."))),
    panel("As the API describes it", json(one.described)),
  ];
}

function ruleTable(rows) {
  return table("Rule evaluations", ["Rule", ["Passed", "right"], ["Failed", "right"], "Share passed"], rows.map((rule) => {
    const all = rule.passed + rule.failed;
    return { key: rule.name, cells: [h("strong", {}, rule.name), h("span", { class: "num" }, number(rule.passed)),
      h("span", { class: "num" }, number(rule.failed)),
      h("span", { class: "meter" }, h("meter", { min: 0, max: all || 1, value: rule.passed, "aria-label": `${rule.name} passed` }),
        h("span", { class: "num" }, `${all ? Math.round((100 * rule.passed) / all) : 0} %`))] };
  }));
}

export function ruleSets(view, values) {
  const rows = view.rows.map((one) => ({
    key: one.name,
    cells: [a(one.name, "rule-sets", { name: one.name }), teams(one), h("span", { class: "num" }, number(one.maxPlayers)),
      one.rules.join(", ") || "none", h("span", { class: "num" }, number(one.expansions)),
      one.usedBy.length ? one.usedBy.flatMap((name, at) => [at ? ", " : "", a(name, "configurations", { name })]) : "nothing"],
  }));
  return [
    h("h1", {}, "Rule sets"),
    h("div", { class: "filters" }, search("Name", values)),
    rows.length
      ? [table("Rule sets", ["Rule set", "Teams", ["Largest match", "right"], "Rules", ["Expansions", "right"], "Used by"], rows),
        pager(view, "rule-sets", values)]
      : empty(values.text ? "No rule set fits." : "No rule set yet. Make one from a file:",
        values.text ? "" : aws("create-matchmaking-rule-set --name duel --rule-set-body file://duel.json")),
  ];
}

function teams(one) {
  const shown = one.teams.map((team) => `${team.name} ${team.minPlayers === team.maxPlayers ? team.maxPlayers : `${team.minPlayers}–${team.maxPlayers}`}`);
  return shown.join(", ") + (one.teamCount > one.teams.length ? ` and ${one.teamCount - one.teams.length} more` : "");
}

export function ruleSet(view, values) {
  const one = view.one;
  const back = h("p", { class: "back" }, h("a", { href: link("rule-sets") }, "← Rule sets"));
  if (!one) return [back, h("h1", { class: "id" }, values.name), empty("There is no such rule set in this region.")];
  return [
    back, h("h1", { class: "id" }, one.name),
    facts([["Label", one.label], ["Teams", teams(one)], ["Largest match", several(one.maxPlayers, "player")],
      ["Created", time(one.createdAt)],
      ["Used by", one.usedBy.length ? one.usedBy.flatMap((name, at) => [at ? ", " : "", a(name, "configurations", { name })]) : "nothing"]]),
    one.warnings.length ? panel("Doubtful", h("ul", {}, one.warnings.map((text) => h("li", {}, text)))) : null,
    panel("Body", code(one.body)),
  ];
}

const PIECE = /("(?:\\.|[^"\\])*")(\s*:)?|(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/g;

/** A JSON text in colours; comments may be in it. */
export function code(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(PIECE)) {
    const [all, string, colon, comment] = found;
    parts.push(text.slice(done, found.index));
    if (string) parts.push(h("span", { class: colon ? "j-key" : "j-text" }, string), colon ?? "");
    else parts.push(h("span", { class: comment ? "j-note" : "j-number" }, all));
    done = found.index + all.length;
  }
  return h("pre", { class: "code", tabindex: "0" }, h("code", {}, parts, text.slice(done)));
}

export const json = (value) => code(JSON.stringify(value, null, 2));
