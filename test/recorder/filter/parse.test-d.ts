import {
  type Condition,
  type Filter,
  parseFilter,
  type PageRequest,
  toPredicate,
  toSql,
  type TraceEvent,
} from '@pagetrail/recorder'
import { expectTypeOf, test } from 'vitest'

test('a filter is parsed once and then asked of events or of SQLite', () => {
  expectTypeOf(parseFilter).returns.toEqualTypeOf<Filter>()
  expectTypeOf(toSql).parameter(0).toEqualTypeOf<Filter>()
  expectTypeOf(toSql).returns.toEqualTypeOf<Condition>()
  expectTypeOf(toPredicate).returns.toExtend<(event: TraceEvent) => boolean>()
  expectTypeOf<Condition>().toExtend<NonNullable<PageRequest['where']>>()
  // @ts-expect-error text is not a filter before it is parsed
  toSql('kind == desc_write')
})
