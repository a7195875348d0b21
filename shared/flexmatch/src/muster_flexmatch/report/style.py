"""How the report looks: one style sheet, for light and dark screens and for paper."""

COLORS = 6

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #5b6776; --line: #dfe4ea; --paper: #f5f7f9; --card: #ffffff;
  --good: #16794c;
  --c0: #2f6fde; --c1: #d9730d; --c2: #0f8a6d; --c3: #8b46c9; --c4: #c2306b; --c5: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e7ecf2; --soft: #9aa7b5; --line: #2c3642; --paper: #12171d; --card: #1a2129;
    --good: #4cc38a;
    --c0: #6ea2ff; --c1: #f5a455; --c2: #43c6a4; --c3: #b98af0; --c4: #f0729f; --c5: #9ca3af;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1240px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 4px; letter-spacing: -0.005em; }
h3 { font-size: 14px; margin: 0 0 8px; }
p { margin: 0 0 12px; } .soft, p.lead { color: var(--soft); } p.lead { max-width: 76ch; }
.key { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 16px 0 0; padding: 0; list-style: none; }
.key i, td i.dot { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 12px; margin: 22px 0 0; }
.fact { padding: 14px 16px 12px; }
.fact b { display: block; font-size: 22px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
.fact span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(350px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; padding: 16px 18px 12px; }
figure, .fact, .scroll { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 2px; }
figure p { font-size: 13px; color: var(--soft); margin: 0 0 8px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 11.5px; fill: var(--soft); } svg text.label { font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .axis { stroke: var(--soft); stroke-width: 1; }
svg polyline { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
svg polyline.dashed { stroke-dasharray: 5 5; stroke-width: 1.8; } svg .light { opacity: 0.32; }
svg circle { opacity: 0; } svg circle:hover { opacity: 1; }
.scroll { overflow-x: auto; margin-top: 16px; }
.charts { margin-top: 16px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 9px 14px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-size: 12.5px; font-weight: 600; color: var(--soft); white-space: normal; vertical-align: bottom; }
 tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; } td.text { text-align: left; white-space: normal; min-width: 36ch; }
td.best { color: var(--good); font-weight: 650; }
.meter { display: inline-block; width: 150px; height: 9px; border-radius: 5px; background: var(--line); }
.meter i { display: block; height: 100%; border-radius: 5px; min-width: 2px; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
footer { margin-top: 44px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media print { body { background: #fff; } figure, .fact, .scroll { break-inside: avoid; } }
""" + "\n".join(
    f"svg .l{n} {{ stroke: var(--c{n}); }} svg .a{n} {{ fill: var(--c{n}); opacity: 0.14; }} "
    f"svg .b{n} {{ fill: var(--c{n}); }} svg .h{n} {{ fill: var(--c{n}); }} .bg{n} {{ background: var(--c{n}); }}"
    for n in range(COLORS)
)
