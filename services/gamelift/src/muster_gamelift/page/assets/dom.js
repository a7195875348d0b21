// Elements and text. Nothing here takes markup: whatever comes from the API ends as text or as an attribute's value.

/** Make an element. Only links within the page are made; other addresses are dropped. */
export function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) throw new Error("listeners are delegated, see app.js");
    if (name === "href" && !String(value).startsWith("#")) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

/** Make an SVG element; the page's security policy allows no style attributes, so drawings say sizes this way. */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Make `now` look like `next`, touching only what differs: focus, selections, scroll positions and opened details stay.
 */
export function morph(now, next) {
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName || keyOf(now) !== keyOf(next)) {
    now.replaceWith(next);
    return;
  }
  if (now.nodeType === Node.TEXT_NODE) {
    if (now.data !== next.data) now.data = next.data;
    return;
  }
  morphAttributes(now, next);
  if (now === document.activeElement && /^(INPUT|SELECT)$/.test(now.nodeName)) return;
  const chosen = next.value; // read before its options move over
  morphChildren(now, next);
  if (now.nodeName === "SELECT") now.value = chosen;
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);

function morphAttributes(now, next) {
  for (const { name } of [...now.attributes]) {
    // The reader opens and closes details, not the page.
    if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name);
  }
  for (const { name, value } of [...next.attributes]) {
    if (now.getAttribute(name) !== value && !(name === "open" && now.nodeName === "DETAILS")) {
      now.setAttribute(name, value);
    }
  }
}

function morphChildren(now, next) {
  const wanted = [...next.childNodes];
  const keyed = new Map();
  for (const child of now.childNodes) if (keyOf(child) !== null) keyed.set(keyOf(child), child);
  wanted.forEach((child, at) => {
    const key = keyOf(child);
    const same = key === null ? null : keyed.get(key);
    const present = now.childNodes[at];
    if (same && same !== present) now.insertBefore(same, present ?? null);
    const target = now.childNodes[at];
    if (target) morph(target, child);
    else now.append(child);
  });
  while (now.childNodes.length > wanted.length) now.lastChild.remove();
}
