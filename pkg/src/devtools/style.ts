const css = `
:host { all: initial; }
:host(:not([docked])) { position: fixed; left: 12px; bottom: 12px; z-index: 2147483000; display: flex; flex-direction: column; align-items: flex-start; gap: 8px; max-width: calc(100vw - 24px); }
:host, button, pre { font: 13px/1.45 ui-sans-serif, system-ui, sans-serif; color: var(--ink); }
:host { color-scheme: light dark; --surface: #fff; --well: #f3f6f4; --ink: #10201a; --muted: #56665f; --line: #c6d2cb; --accent: #0b6247; --due: #a85a00; --bad: #ad2018; }
@media (prefers-color-scheme: dark) { :host { --surface: #141d19; --well: #0f1713; --ink: #e5eee9; --muted: #9db0a7; --line: #3b4e45; --accent: #58d3a5; --due: #eab05c; --bad: #ff9188; } }
button { padding: 5px 12px; border: 1px solid var(--accent); border-radius: 99px; background: var(--surface); color: var(--accent); font-weight: 600; cursor: pointer; box-shadow: 0 2px 10px rgb(0 0 0 / .15); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
section { box-sizing: border-box; width: 400px; max-width: 100%; max-height: min(620px, calc(100vh - 72px)); overflow: auto; padding: 10px 14px 14px; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); box-shadow: 0 6px 30px rgb(0 0 0 / .18); }
:host([docked]) section { width: auto; max-height: none; margin-bottom: 8px; box-shadow: none; }
[hidden] { display: none !important; }
h2, p, dl, dd, ul, ol, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2 { margin: 12px 0 4px; font: inherit; font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 16px; }
.facts div { display: flex; gap: 5px; }
dt, .none, .decision, time, summary { color: var(--muted); }
dd { font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.problem { color: var(--bad); }
.tokens li:not(.none) + li { margin-top: 8px; padding-top: 8px; border-top: 1px solid var(--line); }
.head { display: flex; justify-content: space-between; }
strong { font-family: ui-monospace, monospace; }
.bar { position: relative; height: 8px; margin: 3px 0 5px; border: 1px solid var(--line); border-radius: 3px; background: var(--well); }
.bar i { position: absolute; top: 0; bottom: 0; left: 0; }
.life { border-radius: 2px; background: var(--accent); }
.margin { background: repeating-linear-gradient(135deg, var(--bad) 0 2px, var(--surface) 2px 4px); }
.bar .lead { top: -3px; bottom: -3px; width: 2px; margin-left: -1px; background: var(--ink); }
[data-phase=due] .life { background: var(--due); }
[data-phase=due] .left { color: var(--due); }
[data-phase=expired] .left { color: var(--bad); }
[data-phase=expired] .lead { display: none; }
summary { width: max-content; cursor: pointer; }
pre { margin-top: 4px; padding: 6px 8px; border-radius: 6px; background: var(--well); font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.events { max-height: 220px; overflow: auto; font-size: 12.5px; }
.events li { padding: 2px 0; overflow-wrap: anywhere; }
.events time { display: inline-block; min-width: 58px; margin-right: 6px; font-variant-numeric: tabular-nums; }
.events b { margin-right: 6px; }
[data-type=refreshFailed] b, [data-type=rejected] b { color: var(--bad); }
`

/** A constructed sheet, which `style-src` has nothing against. An engine without them shows the panel plain. */
export const dress = (root: ShadowRoot): void => {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
  } catch {
    // Readable all the same.
  }
}
