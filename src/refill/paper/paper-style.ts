// How the printed sheet and the slip look: black on white, A4 and Letter alike (the width is the
// paper's), what belongs together stays together, and the head repeats on every page.

export const PAPER_STYLE = `
@page { margin: 12mm 13mm 14mm; }
* { box-sizing: border-box; }
html { color-scheme: light; }
body { margin: 0 auto; max-width: 190mm; color: #000; background: #fff;
  font: 10.5pt/1.35 "Noto Sans", "DejaVu Sans", Arial, Helvetica, sans-serif; }
.mark { border: 2.5pt double #000; font-weight: 700; font-size: 11pt; text-align: center; padding: 1.2mm; margin: 0 0 1.5mm; }
.whole { width: 100%; border-collapse: collapse; }
.whole > thead > tr > td, .whole > tbody > tr > td, .whole > tfoot > tr > td { padding: 0; }
.head { display: flex; justify-content: space-between; gap: 6mm; align-items: flex-end;
  border-bottom: 1.5pt solid #000; padding-bottom: 1.5mm; margin-bottom: 3mm; }
.head strong { font-size: 15pt; line-height: 1.1; }
.head div { overflow-wrap: anywhere; }
.foot { border-top: .75pt solid #000; margin-top: 2mm; padding-top: 1mm; font-size: 8.5pt; }
h1 { font-size: 13pt; margin: 0; } h2 { font-size: 11.5pt; margin: 3.5mm 0 .8mm; break-after: avoid; }
h3, h2.step { font-size: 10.5pt; margin: 2.5mm 0 .5mm; break-after: avoid; }
p { margin: .8mm 0; }
.keep, .loud, .plain, .sign, .audit, .whole tr tr { break-inside: avoid; }
dl { display: grid; grid-template-columns: 58mm 1fr; gap: .2mm 3mm; margin: 0; }
dd { margin: 0; font-weight: 700; overflow-wrap: anywhere; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 8mm; } .two dl { grid-template-columns: 36mm 1fr; }
.inner { width: calc(100% - 1pt); border-collapse: collapse; margin: 2mm 0; font-size: 9.5pt; }
.inner caption { text-align: left; font-weight: 700; padding-bottom: .5mm; }
.inner th, .inner td { text-align: left; vertical-align: top; border: .5pt solid #555; padding: .55mm 1.6mm; overflow-wrap: anywhere; }
.inner th { font-weight: 400; } .inner thead th { font-weight: 700; } .inner thead td { border: 0; }
.inner td.figure { font-weight: 700; }
.tag { font-weight: 700; white-space: nowrap; } .tag.bad { border: 1.2pt solid #000; padding: 0 1mm; }
.loud { border: 1.5pt solid #000; border-left-width: 4pt; padding: .8mm 2.5mm; margin: 1.2mm 0; font-weight: 700; }
.plain { border-left: 1pt solid #000; padding: .3mm 2.5mm; margin: 1mm 0; }
.bars { display: block; width: 80mm; margin: 1mm 0 .5mm; } .bars rect { fill: none; stroke: #000; } .bars .solid { fill: #000; } .bars .scale { stroke: #767676; stroke-dasharray: 2 3; }
.loud small, .plain small { display: block; font-weight: 400; font-size: 10pt; }
.state { border: 1.5pt solid #000; padding: 1mm 2.5mm; font-weight: 700; margin: 1mm 0 2mm; }
.signs { display: grid; grid-template-columns: 1fr 1fr; gap: 0 8mm; }
.sign { padding-top: 10mm; } .sign div { border-top: 1pt solid #000; padding-top: .6mm; }
.audit { display: grid; grid-template-columns: 1fr 40mm; gap: 4mm; align-items: start; }
.audit pre { font: 7.5pt/1.3 "DejaVu Sans Mono", "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1mm 0; }
.audit svg { width: 40mm; height: 40mm; display: block; }
.screen { display: flex; gap: 1rem; align-items: center; padding: 1rem 0; }
.screen a { color: #0b3d66; min-height: 48px; display: inline-flex; align-items: center; }
.screen button { font: inherit; font-size: 1.1rem; font-weight: 700; min-height: 56px; padding: .5rem 1.5rem; border: 2px solid #0b3d66;
  border-radius: .4rem; background: #0b3d66; color: #fff; }
:focus-visible { outline: 4px solid #b35900; outline-offset: 3px; }
.slip { max-width: 125mm; font-size: 13.5pt; line-height: 1.45; } .slip p { margin: 2mm 0; }
.slip h1 { font-size: 20pt; } .slip .date { font-size: 22pt; font-weight: 700; line-height: 1.2; border: 2pt solid #000; padding: 3mm 4mm; margin: 3mm 0; }
.slip .phone { font-size: 17pt; font-weight: 700; border-bottom: 1pt solid #000; min-height: 9mm; }
.slip dl { grid-template-columns: 42mm 1fr; gap: 1mm 3mm; margin-top: 4mm; }
@media screen { body { padding: 8mm 6mm; } @media (max-width: 40rem) { dl, .two, .two dl, .signs, .audit { grid-template-columns: 1fr; } } }
@media print { .screen { display: none; } }
`
