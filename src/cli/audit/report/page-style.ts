// How a report looks: black on white, A4 and Letter alike, its pages numbered by the browser that prints it,
// the head with the mark of what is no device on every page.

export const PAGE_STYLE = `
@page { margin: 13mm 12mm 15mm;
  @bottom-left { content: "Audit report"; font: 8pt "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt "Noto Sans", "DejaVu Sans", Arial, sans-serif; } }
* { box-sizing: border-box; }
html { color-scheme: light; }
body { margin: 0 auto; max-width: 190mm; color: #000; background: #fff;
  font: 9.5pt/1.4 "Noto Sans", "DejaVu Sans", Arial, Helvetica, sans-serif; }
.whole { width: 100%; border-collapse: collapse; table-layout: fixed; }
.whole > thead > tr > td, .whole > tbody > tr > td { padding: 0; }
.mark { border: 2.5pt double #000; font-weight: 700; text-align: center; padding: 1mm; margin: 0 0 1.5mm; }
.head { display: flex; justify-content: space-between; gap: 6mm; border-bottom: 1pt solid #000; padding-bottom: 1mm; margin-bottom: 3mm; font-size: 8.5pt; }
h1 { font-size: 18pt; line-height: 1.15; margin: 1mm 0 2mm; }
h2 { font-size: 12.5pt; margin: 6mm 0 1mm; border-bottom: .5pt solid #000; break-after: avoid; }
h3 { font-size: 10pt; margin: 3.5mm 0 .8mm; break-after: avoid; }
p { margin: 1mm 0; } .note { font-size: 8.5pt; }
.loud, .plain { border: 1.5pt solid #000; border-left-width: 4pt; padding: 1mm 2.5mm; margin: 1.5mm 0; break-inside: avoid; }
.loud { font-weight: 700; } .plain { border-width: 0 0 0 1pt; }
dl { display: grid; grid-template-columns: 74mm 1fr; gap: .2mm 3mm; margin: 1mm 0; }
dd { margin: 0; font-weight: 700; overflow-wrap: anywhere; }
table.data { width: 100%; border-collapse: separate; border-spacing: 0; border-left: .5pt solid #555; margin: 1.5mm 0; font-size: 8pt; }
table.data th, table.data td { text-align: left; vertical-align: top; border: solid #555; border-width: 0 .5pt .5pt 0; padding: .6mm 1.2mm; overflow-wrap: anywhere; }
table.data th { font-weight: 700; border-top-width: .5pt; } table.data tr { break-inside: avoid; }
table.data td.n, table.data th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
table.data td.at { white-space: nowrap; }
/* Words of a known list stay whole; what people and wands wrote may be broken anywhere. */
table.data td.w, table.data th { overflow-wrap: break-word; }
table.data td.who { min-width: 19mm; }
pre { font: 7.5pt/1.3 "DejaVu Sans Mono", "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1mm 0; break-inside: avoid; }
@media screen { body { padding: 8mm 6mm; } }
`
