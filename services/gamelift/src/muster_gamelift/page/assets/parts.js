// The pieces that every view is built from.
import { h } from "./dom.js";

/** The region that links lead to; empty for the service's own. */
export const here = { region: "" };

/** The address of a view: `link("tickets", {name: "t-1"})`. */
export function link(what, values = {}) {
  const given = Object.entries({ region: here.region, ...values }).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(given);
  return `#/${what}${given.length ? `?${query}` : ""}`;
}

/** A link; long names break anywhere. */
export const a = (text, what, values) => h("a", { href: link(what, values), class: "id" }, text);

const TONES = {
  QUEUED: "wait", SEARCHING: "wait", REQUIRES_ACCEPTANCE: "ask", PLACING: "ask", COMPLETED: "good", CANCELLED: "off",
  FAILED: "bad", TIMED_OUT: "bad", PENDING: "ask", FULFILLED: "good", ACTIVE: "good", ACTIVATING: "ask",
  TERMINATING: "off", TERMINATED: "off", ERROR: "bad", RESERVED: "ask", TIMEDOUT: "bad", READY: "good",
  CONNECTED: "ask", ACTIVATED: "ask", ENDED: "off",
};

/** The beginning of a long generated name; the whole is its title. */
export const brief = (name) => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name) ? h("span", { title: name }, `${name.slice(0, 8)}…`) : name);

/** A state, in words and colour. */
export const chip = (status) =>
  h("span", { class: `chip ${TONES[status] ?? "off"}` }, status.replaceAll("_", " ").toLowerCase());

export const number = (value) => Number(value).toLocaleString("en", { maximumFractionDigits: 2 });

export const several = (count, one) => `${number(count)} ${one}${count === 1 ? "" : "s"}`;

/** Seconds as people say them: `8 s`, `2 min 5 s`, `3 h 20 min`. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ""}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ""}`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const two = (value, width = 2) => String(value).padStart(width, "0");

/** An instant as the local time of day, with the whole instant as its title. */
export function time(epochS, { millis = false } = {}) {
  const at = new Date(epochS * 1000);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const shown = millis ? `${clock}.${two(at.getMilliseconds(), 3)}` : clock;
  return h("time", { datetime: at.toISOString(), title: at.toISOString(), class: "num" }, shown);
}

export const ago = (epochS, now) =>
  h("time", { datetime: new Date(epochS * 1000).toISOString(), title: new Date(epochS * 1000).toISOString() },
    `${span(now - epochS)} ago`);

/** A table that scrolls by itself on narrow screens; `columns` are headings, or [heading, class]. */
export function table(caption, columns, rows) {
  const heads = columns.map((column) => {
    const [text, kind] = Array.isArray(column) ? column : [column, ""];
    return h("th", { scope: "col", class: kind }, text);
  });
  const kinds = columns.map((column) => (Array.isArray(column) ? column[1] : ""));
  const titles = columns.map((column) => (Array.isArray(column) ? column[0] : column));
  const body = rows.map(({ key, cells, tone }) =>
    h("tr", { "data-key": key, class: tone ?? "" }, cells.map((cell, at) =>
      h("td", { class: kinds[at], "data-label": titles[at] }, cell))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body)));
}

export const panel = (title, ...content) =>
  h("section", { class: "panel" }, title ? h("h2", {}, title) : null, content);

/** Names and values; empty values are left out. */
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, given.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** What to do when there is nothing to see. */
export function empty(text, ...commands) {
  return h("div", { class: "empty" }, h("p", {}, text), commands.map(command));
}

/** A command to copy, with this service's own address in it. */
export const command = (text) => h("pre", { class: "command", tabindex: "0" }, h("code", {}, text));

/** `aws gamelift …` against this service. */
export const aws = (text) => `aws gamelift ${text} \\\n  --endpoint-url ${location.origin}`;

export const meter = (value, most, label) =>
  h("span", { class: "meter" }, h("meter", { min: 0, max: Math.max(most, 1), value, "aria-label": label }),
    h("span", { class: "num" }, `${number(value)} of ${number(most)}`));

/** Which part of a long list is shown, with ways to the others. */
export function pager(part, what, values) {
  if (part.total <= part.most) return h("p", { class: "quiet" }, part.total ? several(part.total, "row") : "");
  const last = Math.min(part.start + part.most, part.total);
  const to = (start, text, possible) =>
    possible ? h("a", { class: "button", href: link(what, { ...values, start: start || "" }) }, text)
      : h("span", { class: "button off", "aria-disabled": "true" }, text);
  return h("nav", { class: "pager", "aria-label": "Parts of the list" },
    h("span", { class: "num" }, `${number(part.start + 1)} to ${number(last)} of ${number(part.total)}`),
    to(Math.max(0, part.start - part.most), "Newer", part.start > 0),
    to(part.start + part.most, "Older", last < part.total));
}

/** A search box that filters as one types; see app.js. */
export const search = (label, values) =>
  h("label", { class: "search" }, h("span", { class: "label" }, label),
    h("input", { type: "search", name: "text", value: values.text ?? "", "data-filter": "text", autocomplete: "off" }));

/** Ways to show only one state, each with its count where it is known. */
export function states(what, values, counts) {
  const all = Object.values(counts).reduce((sum, one) => sum + (one ?? 0), 0);
  const known = Object.values(counts).some((one) => one !== null);
  const pill = (status, text, count) => h("a", {
    href: link(what, { ...values, status, start: "" }), class: "pill",
    "aria-current": (values.status ?? "") === status ? "true" : null,
  }, text, known ? h("span", { class: "num" }, ` ${number(count)}`) : null);
  return h("div", { class: "pills", role: "group", "aria-label": "States" }, pill("", "All", all),
    Object.entries(counts).map(([status, count]) => pill(status, status.replaceAll("_", " ").toLowerCase(), count)));
}
