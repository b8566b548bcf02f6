// How the worksheet looks on screen: large, black on white, readable with gloves on and without colour.
// Paper has its own rules (paper-style.ts).

export const SCREEN = `
:root { color-scheme: light; --ink: #111; --line: #444; --soft: #eef1f4; --act: #0b3d66; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 1.125rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1rem; }
main { padding-bottom: 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.45rem; line-height: 1.25; margin: 2rem 0 .5rem; }
h3 { font-size: 1.15rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--act); text-decoration: underline; }
h3 .nav { display: inline-flex; margin: -.8rem 0; }
.nav a, td a, .later a { display: inline-block; min-height: 48px; min-width: 48px; padding: .65rem .25rem; }
.nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.mark { border: 6px double #000; background: #ffe9a8; color: #000; font-weight: 700; font-size: 1.2rem;
  padding: .6rem 1rem; text-align: center; max-width: none; }
.who { display: flex; flex-wrap: wrap; gap: .25rem 2rem; border: 2px solid var(--line);
  padding: .4rem 1rem; margin: .75rem 0 .5rem; }
.who span { display: block; font-size: 1rem; }
.who strong { font-size: 1.5rem; line-height: 1.2; overflow-wrap: anywhere; }
.steps { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: .4rem;
  grid-template-columns: repeat(8, 1fr); }
.steps li { border: 2px solid #767676; border-radius: .3rem; padding: .3rem .45rem; line-height: 1.2; font-size: .9rem; overflow-wrap: anywhere; }
.steps li b { display: block; }
.steps .done { background: var(--soft); border-color: var(--line); }
.steps .now { border: 4px solid var(--act); padding: calc(.3rem - 2px) calc(.45rem - 2px); }
form { border: 2px solid var(--line); border-radius: .4rem; padding: .5rem 1.25rem 1.25rem; margin: 1rem 0; }
form.sign { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding: .5rem 1.25rem; border-width: 1px; }
form.sign p, form.sign .alert { flex-basis: 100%; max-width: none; margin: 0; }
form.sign select, form.sign input[type=password] { font: inherit; min-height: 48px; max-width: 14rem; padding: .2rem .6rem;
  border: 2px solid #333; border-radius: .3rem; background: #fff; color: #000; }
form > h2 { margin-top: .5rem; }
fieldset { border: 0; border-top: 2px solid #767676; margin: 1.25rem 0 0; padding: .5rem 0 0; }
fieldset.choice { border: 0; margin: 1rem 0; padding: 0; }
legend { font-weight: 700; padding: 0 .5rem 0 0; }
.field { margin: 1rem 0; }
label { font-weight: 600; display: block; }
.hint { display: block; color: #333; font-size: 1rem; }
input[type=text], textarea { display: block; margin-top: .5rem; font: inherit; font-size: 1.35rem; width: 100%; max-width: 30rem; min-height: 52px;
  padding: .4rem .7rem; border: 2px solid #333; border-radius: .3rem; background: #fff; color: #000; }
input.short { max-width: 12rem; }
textarea { min-height: 4.2rem; max-width: 44rem; font-size: 1.1rem; }
.choices { margin-top: .5rem; display: flex; flex-wrap: wrap; gap: .5rem; }
.choices label { display: flex; align-items: center; gap: .6rem; min-height: 52px; min-width: 8rem;
  border: 2px solid #333; border-radius: .3rem; padding: .3rem 1rem .3rem .8rem; }
.choices input { width: 1.5rem; height: 1.5rem; margin: 0; }
.choices label:has(:checked) { outline: 4px solid var(--act); outline-offset: -2px; }
button, .button { font: inherit; font-size: 1.2rem; font-weight: 700; min-height: 56px; padding: .5rem 1.5rem;
  border: 2px solid var(--act); border-radius: .4rem; background: var(--act); color: #fff; cursor: pointer; }
.button { display: inline-flex; align-items: center; text-decoration: none; }
.button.second, button.second { background: #fff; color: var(--act); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; }
:focus-visible { outline: 4px solid #b35900; outline-offset: 3px; }
.wrong input, .wrong textarea, .wrong .choices label { border-color: #8f0000; border-width: 4px; }
.says { display: block; color: #8f0000; font-weight: 700; }
.alert { border: 4px solid #8f0000; border-left-width: 1rem; padding: .5rem 1rem; margin: 1rem 0; }
.alert h2, .alert h3 { margin: .25rem 0; font-size: 1.25rem; }
.alert li, .alert p { font-weight: 600; }
.plain { border: 2px solid var(--line); border-left-width: 1rem; padding: .25rem 1rem; margin: .6rem 0; }
.loud { border: 4px solid #8f0000; border-left-width: 1rem; padding: .25rem 1rem; margin: .6rem 0; font-weight: 700;
  font-size: 1.3rem; line-height: 1.35; }
.finished { border: 4px solid var(--line); padding: .6rem 1rem; font-size: 1.3rem; font-weight: 700; max-width: none; }
.doubts { border: 0; }
.bars { display: block; width: 100%; max-width: 30rem; margin: .4rem 0 .2rem; } .bars rect { fill: none; stroke: #000; } .bars .solid { fill: #000; } .bars .scale { stroke: #767676; stroke-dasharray: 2 3; }
.loud small, .plain small { display: block; font-size: 1rem; font-weight: 400; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
caption { text-align: left; font-weight: 700; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid #767676;
  overflow-wrap: anywhere; }
thead th { border-bottom: 3px solid var(--line); }
td.figure { font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.tag { display: inline-block; font-size: .95rem; font-weight: 700; border: 2px solid currentColor; border-radius: .25rem;
  padding: 0 .4rem; line-height: 1.4; white-space: nowrap; }
.tag.bad { background: #8f0000; color: #fff; border-color: #8f0000; }
.tag.yes { background: #111; color: #fff; border-color: #111; }
dl { display: grid; grid-template-columns: minmax(9rem, 16rem) 1fr; gap: .25rem 1rem; margin: .25rem 0; }
dt { font-weight: 400; } dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
summary { min-height: 48px; padding: .6rem 0; font-weight: 600; cursor: pointer; }
details.written { border-top: 1px solid #767676; }
.written h3 { display: inline-block; margin: 0; min-width: 12rem; font-size: 1rem; font-weight: 400; }
.written summary strong { font-size: 1.1rem; overflow-wrap: anywhere; } .written small { font-weight: 400; font-size: 1rem; }
.written[open] { padding-bottom: .75rem; }
@media (max-width: 56rem) { .steps .name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .steps li { text-align: center; font-size: 1rem; } .steps .done { background: #444; color: #fff; } }
@media (max-width: 36rem) {
  body { font-size: 1rem; line-height: 1.4; } header { padding-top: .5rem; }
  h1 { font-size: 1.35rem; margin: .25rem 0; } h2 { font-size: 1.2rem; margin: 1.1rem 0 .25rem; } p { margin: .3rem 0; }
  .mark { font-size: 1rem; padding: .25rem .5rem; border-width: 4px; margin: .25rem 0; }
  .who { padding: .3rem .6rem; gap: .1rem 1.1rem; } .who span { font-size: .875rem; } .who strong { font-size: 1.15rem; }
  .steps { gap: .25rem; margin: .5rem 0; } .steps li { padding: .2rem 0; } .steps .now { padding: calc(.2rem - 2px) 0; }
  form { margin: .6rem 0; } .field { margin: .6rem 0; } fieldset.choice { margin: .6rem 0; } fieldset { margin-top: .7rem; }
  input[type=text], textarea { font-size: 1.1rem; min-height: 48px; margin-top: .2rem; } textarea { min-height: 3.6rem; }
  .choices { margin-top: .25rem; } .choices label { min-height: 48px; min-width: 6.5rem; }
  button, .button { min-height: 48px; font-size: 1.1rem; padding: .4rem 1rem; } .actions { gap: .5rem; margin: .6rem 0; }
  .hint, .loud small, .plain small { font-size: .9rem; }
  .loud { font-size: 1.05rem; line-height: 1.3; border-width: 3px; border-left-width: .6rem; padding: .2rem .6rem; margin: .35rem 0; }
  .plain { border-left-width: .6rem; padding: .15rem .6rem; margin: .35rem 0; line-height: 1.3; }
  .alert { border-left-width: .6rem; padding: .25rem .6rem; margin: .6rem 0; } .finished { font-size: 1.1rem; padding: .4rem .6rem; }
  .written h3 { min-width: 0; } .written summary { padding: .5rem 0; }
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  table, caption, tbody { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: grid; grid-template-columns: 1fr 1fr; border-bottom: 1px solid #767676; padding: .25rem 0; }
  tbody th { grid-column: 1; font-weight: 600; } tbody td:last-child { grid-column: 2; grid-row: 1; text-align: right; }
  th, td { border: 0; padding: .05rem .2rem; } .tag { font-size: .875rem; }
  td.figure { font-size: 1.05rem; line-height: 1.25; } td.figure::before { content: attr(data-head); display: block; font-size: .8rem; }
  form { padding: .25rem .6rem .6rem; }
}
`
