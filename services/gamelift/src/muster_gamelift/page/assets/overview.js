// The first page: how much is going on, who waits longest, what happened last.
import { poolTable } from "./catalogue.js";
import { h } from "./dom.js";
import { noticeList } from "./hosting.js";
import { aws, command, link, number, panel } from "./parts.js";
import { ticketTable } from "./tickets.js";

export function overview(view, now, region) {
  const { tickets: states, counts } = view;
  const waiting = states.QUEUED + states.SEARCHING;
  const started = Object.values(states).some(Boolean);
  return [
    h("h1", {}, "Overview"),
    h("div", { class: "cards" },
      card("Searching", waiting, "tickets", { status: "SEARCHING" }, "wait"),
      card("Accepting", states.REQUIRES_ACCEPTANCE, "tickets", { status: "REQUIRES_ACCEPTANCE" }, "ask"),
      card("Placing", states.PLACING, "tickets", { status: "PLACING" }, "ask"),
      card("Completed", states.COMPLETED, "tickets", { status: "COMPLETED" }, "good"),
      card("Ended otherwise", states.CANCELLED + states.FAILED + states.TIMED_OUT, "tickets", {}, "off",
        `${number(states.TIMED_OUT)} timed out, ${number(states.FAILED)} failed`),
      card("Game sessions", counts.sessions, "sessions", {}, "good", `${number(counts.seatsTaken)} of ${number(counts.seats)} seats taken`),
      card("Free processes", counts.processesFree, "fleets", {}, counts.processesFree ? "good" : "off",
        `of ${number(counts.processes)} connected`)),
    counts.configurations ? null : firstSteps(region),
    view.longestWaiting.length ? panel("Waiting longest", ticketTable(view.longestWaiting, now))
      : counts.configurations ? panel("Waiting longest", h("p", { class: "quiet" }, started ? "Nobody waits." : "No tickets yet. Start one:"),
        started ? null : command(aws("start-matchmaking --configuration-name duel --players PlayerId=ann"))) : null,
    view.pools.length ? panel("Pools", poolTable(view.pools, now)) : null,
    view.notices.length ? panel("Last notices", noticeList(view.notices),
      h("p", {}, h("a", { href: link("notices") }, "All notices"))) : null,
  ];
}

function card(title, value, what, values, tone, note) {
  return h("a", { class: `card ${value ? tone : "off"}`, href: link(what, values) },
    h("span", { class: "card-title" }, title), h("span", { class: "card-value num" }, number(value)),
    h("span", { class: "quiet" }, note ?? ""));
}

function firstSteps(region) {
  const body = '{"ruleLanguageVersion":"1.0","teams":[{"name":"red","minPlayers":1,"maxPlayers":1},{"name":"blue","minPlayers":1,"maxPlayers":1}]}';
  return panel(`Nothing is configured in ${region} yet`,
    h("p", {}, "A rule set and a configuration are enough to match players. Any credentials will do:"),
    command(aws(`create-matchmaking-rule-set --name duel --region ${region} \\\n  --rule-set-body '${body}'`)),
    command(aws(`create-matchmaking-configuration --name duel --rule-set-name duel --region ${region} \\\n  --request-timeout-seconds 60 --no-acceptance-required --flex-match-mode STANDALONE`)),
    command(aws(`start-matchmaking --configuration-name duel --players PlayerId=ann --region ${region}`)));
}
