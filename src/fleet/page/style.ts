// How the pages of a replica look: dense enough for a clinic's pumps on one screen, cards on a narrow one. Text keeps
// 7:1 against what is behind it; what is filled is grave, and is said in words as well.

export const STYLE = `
:root { color-scheme: light dark; --ink: #10151c; --paper: #fff; --soft: #e9edf2; --quiet: #38424f; --line: #8b95a3;
  --deep: #12395e; --fill: #8a0f1c; --on-fill: #fff; --warn: #ffd83d; --on-warn: #10151c; }
@media (prefers-color-scheme: dark) { :root { --ink: #f2f5f8; --paper: #161b21; --soft: #0b0e12; --quiet: #c2cbd6;
  --line: #66717f; --deep: #a9cff5; --fill: #ffb4ab; --on-fill: #2a0305; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, footer { max-width: 90rem; margin: 0 auto; padding: .5rem clamp(.75rem, 2vw, 2rem); }
.mark { background: var(--warn); color: var(--on-warn); border-bottom: 6px double #000; font-weight: 700;
  padding: .5rem 1rem; text-align: center; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .4rem; }
p { margin: .35rem 0; }
a { color: var(--deep); }
nav a, td a { display: inline-block; padding: .35rem .5rem .35rem 0; min-height: 2.25rem; }
.note, small, footer { color: var(--quiet); font-size: .925rem; }
.state { font-size: 1.15rem; }
.loud { border-left: .5rem solid var(--fill); background: var(--soft); padding: .5rem .75rem; font-weight: 700; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .6rem; margin: .75rem 0; }
dl > div { background: var(--soft); padding: .5rem .75rem; border-left: .35rem solid var(--line); }
dt { font-size: .925rem; color: var(--quiet); }
dd { margin: 0; font-size: 1.5rem; font-weight: 700; overflow-wrap: anywhere; }
dd.note { font-size: .925rem; font-weight: 400; }
dl > .grave, dl > .grave dt, dl > .grave .note { background: var(--fill); color: var(--on-fill); }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; color: var(--quiet); font-size: .925rem; font-weight: 600; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
tr.grave > td:first-child { border-left: .5rem solid var(--fill); padding-left: .6rem; }
th:first-child, td:first-child { padding-left: .6rem; }
small { white-space: nowrap; }
@media (max-width: 48rem) {
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { display: block; border-top: 3px solid var(--line); padding: .25rem 0; }
  .cards tr.grave { border-left: .5rem solid var(--fill); }
  .cards tr.grave > td:first-child { border-left: 0; }
  .cards td, .cards td:first-child { display: grid; grid-template-columns: 7.5rem 1fr; gap: .5rem; border: 0; padding: .15rem .5rem; }
  .cards td::before { content: attr(data-head); color: var(--quiet); font-size: .925rem; }
  .pairs td { width: 50%; }
}
@media print { .mark { background: none; color: #000; } }
`
