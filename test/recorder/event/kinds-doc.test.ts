import { expect, test } from 'vitest'

import { eventsDocument } from './kinds-doc.ts'

test('docs/events.md is what KINDS says; pnpm run docs:events brings it up to date', async () => {
  await expect(eventsDocument()).toMatchFileSnapshot('../../../docs/events.md')
})
