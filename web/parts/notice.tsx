// Something that must be read first: a border, words, and an icon where it is grave.
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.tsx'

interface Props {
  readonly title: string
  readonly grave?: boolean
  /** Nothing can be read until it is seen to. */
  readonly obstacle?: boolean
  readonly children?: ComponentChildren
}

export function Notice({ title, grave = false, obstacle = false, children }: Props) {
  return (
    <section class={`notice${grave ? ' grave' : ''}${obstacle ? ' obstacle' : ''}`}>
      {grave && <Icon name="lost" />}
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  )
}
