// Queues and placements, fleets and processes, game sessions, notices.
import { code, json } from "./catalogue.js";
import { h } from "./dom.js";
import { a, ago, aws, brief, chip, empty, facts, link, meter, number, pager, panel, search, several, span, states, table, time } from "./parts.js";

const none = (names) => Object.fromEntries(names.map((name) => [name, null]));

export function queues(view, values, now) {
  const filters = { status: values.status, text: values.text };
  return [
    h("h1", {}, "Queues and placements"),
    view.queues.length ? h("div", { class: "tiles" }, view.queues.map(queue))
      : empty("No game session queue yet. Make one over a fleet:",
        aws("create-game-session-queue --name main --timeout-in-seconds 60 \\\n  --destinations DestinationArn=<ARN of a fleet>")),
    h("h2", {}, "Placements"),
    h("div", { class: "filters" }, states("queues", filters, none(["PENDING", "FULFILLED", "TIMED_OUT", "FAILED", "CANCELLED"])),
      search("Placement, match or queue", values)),
    view.rows.length ? [placementTable(view.rows, now), pager(view, "queues", filters)]
      : h("p", { class: "quiet" }, values.status || values.text ? "No placement fits." : "No placement was asked for yet."),
  ];
}

function queue(one) {
  const policies = one.policies.map((each) => `${each.maximumMs} ms${each.seconds === null ? "" : ` for ${each.seconds} s`}`);
  return h("section", { class: "panel", "data-key": one.name }, h("h3", { class: "id" }, one.name),
    facts([
      ["QueueDepth", number(one.queueDepth)],
      ["Free processes", number(one.freeProcesses)],
      ...Object.entries(one.metrics).map(([name, value]) => [name, number(value)]),
      ["Times out after", `${one.timeoutSeconds} s`],
      ["Destinations", one.destinations.map((each) => each.name ?? each.fleetId).join(", ")],
      ["Only in", one.allowedLocations.join(", ")],
      ["Latency at most", policies.join(", then ")],
      ["Order", one.priorityOrder.join(", ").toLowerCase()],
    ]));
}

export function placementTable(rows, now) {
  return table("Placements", ["Placement", "State", "Queue", ["Players", "right"], ["Took", "right"], "Session or wait"],
    rows.map((one) => ({
      key: one.placementId,
      cells: [h("span", { class: "id" }, brief(one.placementId)), chip(one.status), one.queue,
        h("span", { class: "num" }, number(one.players)),
        h("span", { class: "num" }, span((one.endedAt ?? now) - one.startedAt)),
        one.waitsFor ? `waits for ${one.waitsFor}, ${span(one.timesOutAt - now)} more`
          : one.sessionArn ? a(one.location ?? "session", "sessions", { name: one.sessionArn }) : "–"],
    })));
}

export function fleets(view, values, now) {
  return [
    h("h1", {}, "Fleets and processes"),
    view.rows.length ? [view.rows.map((one) => fleet(one, now)), pager(view, "fleets", values)]
      : empty("No fleet yet. A place, and a fleet there:", aws("create-location --location-name custom-laptop"),
        aws("create-fleet --name arena --compute-type ANYWHERE \\\n  --locations Location=custom-laptop")),
  ];
}

function fleet(one, now) {
  const address = location.host;
  return h("section", { class: "panel", "data-key": one.fleetId },
    h("h2", {}, one.name, " ", h("span", { class: "quiet id" }, one.fleetId)),
    facts([["Locations", one.locations.join(", ")], ["Cost", one.cost],
      ["Processes", `${number(one.freeProcesses)} free of ${number(one.processCount)}`]]),
    one.computes.length ? table("Computes", ["Compute", "Location", "Address", ["Processes", "right"]], one.computes.map((each) => ({
      key: each.name, cells: [each.name, each.location, h("span", { class: "id" }, each.address ?? "–"), h("span", { class: "num" }, number(each.processes))],
    }))) : empty("No compute is registered.", aws(`register-compute --fleet-id ${one.fleetId} --compute-name laptop \\\n  --ip-address 127.0.0.1 --location ${one.locations[0] ?? "custom-laptop"}`)),
    one.processes.length ? [h("h3", {}, "Server processes"), processTable(one, now)]
      : one.computes.length ? h("p", { class: "quiet" }, `No server process is connected. Start a game server with the Server SDK 5 at ws://${address}.`) : null);
}

function processTable(one, now) {
  return [
    table("Server processes", ["Process", "State", "Compute", "Location", ["Port", "right"], "Last heartbeat", "Session"],
      one.processes.map((each) => ({
        key: each.processId,
        cells: [h("span", { class: "id" }, each.processId),
          [chip(each.status), each.free ? h("span", { class: "tag" }, "free") : null, each.linked ? null : h("span", { class: "tag bad" }, "not connected"),
            each.badReports ? h("span", { class: "tag bad" }, several(each.badReports, "bad report")) : null],
          each.compute, each.location, h("span", { class: "num" }, each.port || "–"), ago(each.heardAt, now),
          each.sessionArn ? a("session", "sessions", { name: each.sessionArn }) : "–"],
      }))),
    one.processCount > one.processes.length ? h("p", { class: "quiet" }, `and ${number(one.processCount - one.processes.length)} more`) : null,
  ];
}

export function sessions(view, values, now) {
  const filters = { status: values.status, text: values.text };
  return [
    h("h1", {}, "Game sessions"),
    h("div", { class: "filters" }, states("sessions", filters, none(["ACTIVATING", "ACTIVE", "TERMINATING", "TERMINATED", "ERROR"])),
      search("Session, name or process", values)),
    view.rows.length ? [sessionTable(view.rows, now), pager(view, "sessions", filters)]
      : empty(values.status || values.text ? "No game session fits."
        : "No game session yet. A match of a configuration with a queue makes one, and so does this:",
      values.status || values.text ? "" : aws("create-game-session --fleet-id <fleet> --location custom-laptop \\\n  --maximum-player-session-count 2")),
  ];
}

export function sessionTable(rows, now) {
  return table("Game sessions", ["Session", "State", "Address", "Location", "Seats", ["Age", "right"]], rows.map((one) => ({
    key: one.arn,
    cells: [[a(brief(one.id), "sessions", { name: one.arn }), one.name ? h("div", { class: "quiet" }, one.name) : null],
      [chip(one.status), one.reason ? h("div", { class: "quiet" }, one.reason) : null,
        one.acceptsPlayers ? null : h("span", { class: "tag" }, "closed to new players")],
      h("span", { class: "id" }, one.address), one.location, meter(one.seatsTaken, one.seats, "Seats taken"),
      h("span", { class: "num" }, span((one.endedAt ?? now) - one.createdAt))],
  })));
}

export function session(view, values, now) {
  const one = view.one;
  const back = h("p", { class: "back" }, h("a", { href: link("sessions") }, "← Game sessions"));
  if (!one) return [back, h("h1", { class: "id" }, values.name), empty("There is no such game session in this region.")];
  return [
    back,
    h("div", { class: "title" }, h("h1", { class: "id" }, one.name ?? one.id), chip(one.status)),
    facts([["Address", h("strong", { class: "id" }, one.address)], ["Seats", `${one.seatsTaken} of ${one.seats}`],
      ["Process", h("span", { class: "id" }, one.process)], ["Compute", one.compute], ["Location", one.location],
      ["Created", time(one.createdAt)], ["Ended", one.endedAt === null ? null : time(one.endedAt)],
      ["Activates within", one.status === "ACTIVATING" ? span(one.activateBy - now) : null],
      ["ARN", h("span", { class: "id" }, one.arn)],
      ["Tickets", one.tickets.length ? one.tickets.flatMap((id, at) => [at ? ", " : "", a(id, "tickets", { name: id })]) : null]]),
    panel("Seats", one.players.length ? table("Seats", ["Player", "State", "Player session", "Since"], one.players.map((seat) => ({
      key: seat.seat + seat.playerId,
      cells: [h("span", { class: "id" }, seat.playerId),
        [chip(seat.status), seat.status === "RESERVED" ? h("span", { class: "quiet" }, ` held ${span(seat.heldUntil - now)} more`) : null],
        h("span", { class: "id" }, seat.seat), ago(seat.createdAt, now)],
    }))) : h("p", { class: "quiet" }, "Nobody has a seat.")),
    Object.keys(one.properties).length ? panel("Game properties", json(one.properties)) : null,
    one.matchmakerData ? panel("Matchmaker data", code(pretty(one.matchmakerData))) : null,
    one.sessionData ? panel("Game session data", h("pre", { class: "code", tabindex: "0" }, one.sessionData)) : null,
  ];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function notices(view, values) {
  return [
    h("h1", {}, "Notices"),
    h("div", { class: "filters" }, search("Type, ticket, player, match or configuration", values)),
    view.rows.length ? h("div", { class: "panel" }, noticeList(view.rows))
      : empty(values.text ? "No notice fits." : "GameLift has told nothing yet. It will as soon as a ticket searches."),
    h("nav", { class: "pager", "aria-label": "Parts of the list" },
      values.start ? h("a", { class: "button", href: link("notices", { text: values.text }) }, "Newest") : null,
      view.older ? h("a", { class: "button", href: link("notices", { text: values.text, start: view.older }) }, "Older") : null),
  ];
}

export function noticeList(rows) {
  return h("ol", { class: "notices" }, rows.map((one) => h("li", { "data-key": one.n },
    h("span", { class: "num quiet n" }, `#${one.n}`), time(Date.parse(one.at) / 1000, { millis: true }),
    h("span", { class: "what" }, h("strong", {}, one.type), one.acceptance ? ` ${one.acceptance}` : "", " ",
      h("span", { class: "quiet id" }, one.about), " ", about(one)),
    one.document ? h("details", {}, h("summary", {}, "Document"), json(one.document)) : null)));
}

function about(one) {
  const shown = one.tickets.slice(0, 4).flatMap((id, at) => [at ? ", " : "", a(id, "tickets", { name: id })]);
  return [shown, one.ticketCount > 4 ? ` and ${one.ticketCount - 4} more` : "", one.placementId ? h("span", { class: "id" }, "placement ", brief(one.placementId)) : ""];
}
