// The witnesses of a bridge's log, as it was told of them.
import { cosignerOf } from '../audit/format/cosignature.ts'
import type { Env } from '../base/env.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { Witnesses } from '../witness/follow.ts'
import { postTo } from '../witness/post.ts'
import type { Cosignatures, TreeOfLog } from './audit-tiles.ts'

export interface WitnessConfig {
  readonly url: string
  /** The witness's verifier key. */
  readonly key: string
}

export interface Witnessed extends Cosignatures {
  close(): Promise<void>
}

export function startWitnesses(
  env: Env,
  auditor: Auditor,
  tree: TreeOfLog,
  configs: readonly WitnessConfig[],
): Witnessed {
  const witnesses = new Witnesses({
    env,
    disk: auditor.disk,
    dir: auditor.dir,
    witnesses: configs.map(({ url, key }) => ({
      cosigner: cosignerOf(key),
      post: postTo(env, url),
    })),
    newest() {
      const { log, size, checkpoint } = auditor.state
      return log === null || checkpoint === null || size === 0 ? null : { log, size, checkpoint }
    },
    tree: (log) => tree.of(log),
    commits$: auditor.commits$,
    record: (record) => void auditor.append(record),
    changed: () => changed(),
  })
  const changed = auditor.witnessedBy(() => witnesses.status())
  witnesses.start()
  return {
    cosigned: (checkpoint) => witnesses.cosigned(checkpoint),
    last: (log) => witnesses.last(log),
    close: () => witnesses.stop(),
  }
}
