import { describe, expect, it } from 'vitest'
import { grouped, readDate, tidied } from './dates'

describe('days', () => {
  it.each([
    ['1900-01-01', true],
    ['2024-02-29', true],
    ['2023-02-29', false],
    ['2024-13-01', false],
    ['2024-00-10', false],
    ['1998-7-1', false],
    ['', false],
  ])('%s is a day: %s', (text, is) => expect(readDate(text)).toBe(is))

  it('get their dashes while digits are typed', () => {
    const steps: string[] = []
    let text = ''
    for (const digit of '19980701') steps.push((text = grouped(text + digit)))
    expect(steps).toEqual(['1', '19', '199', '1998', '1998-0', '1998-07', '1998-07-0', '1998-07-01'])
  })

  it.each(['1998-', '1998-7-', '1998-7-1', '1998/7', '1998年7月', '1998-07-'])('%s is left as it is typed', (text) =>
    expect(grouped(text)).toBe(text),
  )

  it.each([
    ['1998年7月1日', '1998-07-01'],
    ['1998/7/1', '1998-07-01'],
    ['1998.07.01', '1998-07-01'],
    ['１９９８-07-01', '1998-07-01'],
    ['19980701', '1998-07-01'],
    ['1998-7-1', '1998-07-01'],
    ['昨天', '昨天'],
    ['1998-07', '1998-07'],
  ])('%s is meant as %s', (typed, meant) => expect(tidied(typed)).toBe(meant))
})
