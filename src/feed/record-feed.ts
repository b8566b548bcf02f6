// The feed as surfaces took it before they followed it themselves: to go with the last of them.
import { filter, map, type Observable, share } from 'rxjs'
import type { AuditRecord } from '../audit/format/record.ts'
import type { ApiRecord } from '../model/record.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { apiRecord } from './api-record.ts'
import type { Feed, HistoryQuery } from './feed.ts'

export class RecordFeed {
  readonly records$: Observable<ApiRecord>
  readonly feed: Feed

  constructor(feed: Feed, auditor: Auditor) {
    this.feed = feed
    this.records$ = auditor.written$.pipe(
      map(({ record, ...place }) => apiRecord(record, { ...place, source: auditor.source })),
      filter((record) => record !== null),
      share(),
    )
  }

  head = () => this.feed.head()
  oldest = () => this.feed.oldest()

  async *read(query: HistoryQuery): AsyncGenerator<ApiRecord> {
    for await (const record of this.feed.read(query)) {
      const found = record.api()
      if (found) yield found
    }
  }

  async *stored(query: HistoryQuery): AsyncGenerator<AuditRecord> {
    for await (const { record } of this.feed.read(query)) yield record
  }
}
