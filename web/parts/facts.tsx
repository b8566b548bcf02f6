// Labelled values: the plain form of most of the page.
import type { ComponentChildren } from 'preact'

export interface Fact {
  readonly label: string
  readonly value: ComponentChildren
  readonly note?: string
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, value, note }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <span class="value">{value}</span>
            {note && <span class="note"> {note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** A quantity large: its unit is smaller and stays beside it. What is no quantity is text. */
export function Figure({ text }: { readonly text: string }) {
  const [, digits, unit] = /^(-?[\d.]+) (\S+)$/.exec(text) ?? []
  if (digits === undefined) return <p class="figure words">{text}</p>
  return (
    <p class="figure">
      {digits}
      <span class="unit"> {unit}</span>
    </p>
  )
}

interface PartProps {
  readonly title: string
  readonly name: string
  /** What leads to it. */
  readonly id?: string
  readonly children: ComponentChildren
}

/** One part of a tile under its heading; `name` is its place in the style sheet. */
export function Part({ title, name, id, children }: PartProps) {
  return (
    <section class={`part ${name}`} id={id}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}
