import { expect, it } from 'vitest'
import { share } from './upload'

it('a share is whole percent, rounded down, and never more than all', () => {
  expect([share(0, 0), share(999, 1000), share(1000, 1000), share(1200, 1000)]).toEqual([0, 99, 100, 100])
})
